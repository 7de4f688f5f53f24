import { apiLimits, type Mileage, type RouteQuery, type TireTrends } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import {
  type ActivityPage,
  type ActivityQuery,
  findTireTrend,
  LocalDays,
  type MileageFigures,
  tripLimits,
} from '../../trips/index.ts';
import { findTrip } from '../find-trip.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { lastDays, readPeriod, toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { chargingView, km, kmOrNull, roundOrNull, stopView, tripView } from '../views/trip-view.ts';

const dayMs = 86_400_000;
/** Averages of less than these days are none. */
const averagedOver = { week: 7, month: 30, year: 365 } as const;
const daysInMonth = 365.25 / 12;
const daysInYear = 365.25;

const pageView = <T, V>({ items, next, completeTo }: ActivityPage<T>, view: (item: T) => V) => ({
  items: items.map(view),
  next,
  completeTo: toIso(completeTo),
});

const mileageView = (figures: MileageFigures): Mileage => {
  const { averageDayM, averageOverDays } = figures;
  const average = (days: number, daysMin = 1): number | null =>
    averageDayM === null || averageOverDays < daysMin ? null : km(averageDayM * days);
  return {
    totalKm: kmOrNull(figures.totalM),
    totalAt: toIsoOrNull(figures.totalAtMs),
    todayKm: kmOrNull(figures.todayM),
    averageDayKm: average(1),
    averageWeekKm: average(7, averagedOver.week),
    averageMonthKm: average(daysInMonth, averagedOver.month),
    averageYearKm: average(daysInYear, averagedOver.year),
    averageOverDays,
    kwhPer100Km: roundOrNull(figures.kwhPer100Km, 2),
    energySource: figures.energySource,
    packKwh: figures.packKwh,
    days: figures.days.map((day) => ({
      day: day.day,
      distanceKm: kmOrNull(day.distanceM),
      trips: day.trips,
      drivingSeconds: roundOrNull(day.drivingMs === null ? null : day.drivingMs / 1000, 0),
      idleSeconds: roundOrNull(day.idleMs === null ? null : day.idleMs / 1000, 0),
      energyKwh: roundOrNull(day.energyKwh, 3),
      rangeAtFullKm: kmOrNull(day.rangeAtFullM),
      rangeSource: day.rangeSource,
    })),
    completeTo: toIso(figures.completeTo),
  };
};

const wheelCount = 4;

export const addTripRoutes = (routes: RouteRegistrar, { registry, trips, clock }: HttpDeps): void => {
  const { directory } = registry;
  const asked = (scope: ReadScope, id: string, query: RouteQuery<'listTrips'>): ActivityQuery => ({
    vehicleNo: findVehicle(directory, scope, id).vehicleNo,
    ...readPeriod(query, lastDays(clock.now())),
    cursor: query.cursor,
    limit: query.limit ?? apiLimits.pageSizeDefault,
  });

  /** Who drove is none of the business of who sees the vehicle by a grant alone. */
  const seenTrip = (scope: ReadScope, trip: Parameters<typeof tripView>[1]): ReturnType<typeof tripView> => {
    const view = tripView(registry, trip);
    return scope.isGuest?.(trip.vehicleNo) ? { ...view, driver: null } : view;
  };
  routes.add('listTrips', async ({ params, query, scope }) => {
    const wanted = asked(scope, params.id, query);
    return pageView(await trips.listTrips(scope, wanted), (trip) => seenTrip(scope, { vehicleNo: wanted.vehicleNo, trip }));
  });
  routes.add('listStops', async ({ params, query, scope }) =>
    pageView(await trips.listStops(scope, asked(scope, params.id, query)), stopView),
  );
  routes.add('listCharging', async ({ params, query, scope }) =>
    pageView(await trips.listCharging(scope, asked(scope, params.id, query)), chargingView),
  );

  routes.add('readTrip', async ({ params, scope }) => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    const trip = await findTrip(trips, scope, vehicleNo, params.trip);
    if (!trip) throw new CallerError('not_found', `there is no trip ${JSON.stringify(params.trip)} of this vehicle`);
    return seenTrip(scope, { vehicleNo, trip });
  });

  routes.add('readMileage', async ({ params, query, scope }) => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    const period = readPeriod(query, lastDays(clock.now()));
    return mileageView(await trips.mileage(scope, { vehicleNo, ...period, timeZone: query.timeZone }));
  });

  routes.add('readTireTrends', async ({ params, query, scope }): Promise<TireTrends> => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    const zone = new LocalDays(query.timeZone);
    const toMs = clock.now() + apiLimits.historyAheadMs;
    const { days, completeTo } = await trips.tireDays(scope, { vehicleNo, fromMs: toMs - tripLimits.tireDaysMax * dayMs, toMs });
    const wheels = Array.from({ length: wheelCount }, (_, wheel) => {
      const ofWheel = days.flatMap(({ dayMs: startMs, coldTireKpa }) => {
        const kpa = coldTireKpa[wheel] ?? null;
        return kpa === null ? [] : [{ dayMs: startMs, kpa }];
      });
      const trend = findTireTrend(ofWheel);
      return {
        wheel,
        nowKpa: roundOrNull(trend.nowKpa, 1),
        slopeKpaPerDay: roundOrNull(trend.slopeKpaPerDay, 3),
        isLeaking: trend.isLeaking,
        since: toIsoOrNull(trend.sinceMs),
        sinceKpa: roundOrNull(trend.sinceKpa, 1),
        // Days are those of UTC: the one that has the middle of it is its name in the time zone.
        days: trend.days.map(({ dayMs: startMs, kpa }) => ({
          day: zone.at(startMs + dayMs / 2).day,
          kpa: Number(kpa.toFixed(1)),
        })),
      };
    });
    return { wheels, completeTo: toIso(completeTo) };
  });
};

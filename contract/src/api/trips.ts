import Type, { type Static } from 'typebox';
import { byId, reader } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeParameter } from './shared.ts';

/**
 * What is derived from a vehicle's samples: trips, stops, charging, mileage, trends. Nothing here is recorded as such: a late sample
 * changes it. `measured`: from a signal that says it; `modelled`: worked out from others, docs/trips.md says how.
 */
export const figureSources = ['measured', 'modelled'] as const;
export type FigureSource = (typeof figureSources)[number];

const seconds = Type.Number({ minimum: 0, maximum: 1_000_000_000 });
const kilometres = Type.Number({ minimum: 0, maximum: 10_000_000 });
const kilowattHours = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });
const percent = Type.Number({ minimum: 0, maximum: 100 });
const speedKmh = Type.Number({ minimum: 0, maximum: 450 });
const count = Type.Integer({ minimum: 0, maximum: 2_147_483_647 });

export const place = closed({
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
});
export type Place = Static<typeof place>;

/** A time in which nothing was reported, or no position: never bridged by a line. */
export const tripGap = closed({
  from: isoTime,
  to: isoTime,
  distanceKm: Type.Union([nullable(kilometres)], { description: 'By the mileage before and after; null: unknown' }),
});

export const harshKinds = ['braking', 'acceleration', 'cornering'] as const;
export type HarshKind = (typeof harshKinds)[number];
export const harshEvent = closed({
  kind: oneOf(harshKinds),
  at: isoTime,
  metersPerSecond2: Type.Number({ minimum: 0, maximum: 200, description: 'The strongest of the event' }),
  position: nullable(place),
  source: oneOf(figureSources, { description: 'modelled: from the change of speed, not from an accelerometer' }),
});
export type HarshEventView = Static<typeof harshEvent>;

export const driverRef = closed({ id: opaqueId, name: Type.String() });

export const trip = closed({
  id: opaqueId,
  start: isoTime,
  end: isoTime,
  isRunning: Type.Boolean({ description: 'Not ended as far as is known' }),
  from: Type.Union([nullable(place)], { description: 'null: unknown, or private' }),
  to: nullable(place),
  distanceKm: kilometres,
  distanceSource: oneOf(['odometer', 'positions', 'speed']),
  durationSeconds: seconds,
  /** Standing with the ignition on, within the trip. */
  idleSeconds: seconds,
  averageSpeedKmh: nullable(speedKmh),
  topSpeedKmh: nullable(speedKmh),
  energyKwh: nullable(kilowattHours),
  energySource: nullable(oneOf(figureSources)),
  energyPercent: Type.Union([nullable(Type.Number({ minimum: -100, maximum: 100 }))], { description: 'Battery level used' }),
  energyFromPercent: nullable(percent),
  energyToPercent: nullable(percent),
  gaps: Type.Array(tripGap),
  harshEvents: Type.Array(harshEvent),
  driver: nullable(driverRef),
  isPrivate: Type.Boolean({
    description: 'Where it went is hidden; how far is not',
  }),
});
export type TripView = Static<typeof trip>;

export const stopKinds = ['parked', 'unobserved'] as const;
export const stop = closed({
  start: isoTime,
  end: Type.Union([nullable(isoTime)], { description: 'null: it still stands there' }),
  kind: oneOf(stopKinds, { description: 'unobserved: nothing was reported in it' }),
  position: nullable(place),
  idleSeconds: seconds,
});
export type StopView = Static<typeof stop>;

export const charging = closed({
  id: opaqueId,
  start: isoTime,
  end: Type.Union([nullable(isoTime)], { description: 'null: it still charges' }),
  position: nullable(place),
  fromPercent: nullable(percent),
  toPercent: nullable(percent),
  energyAddedKwh: nullable(kilowattHours),
  energySource: nullable(oneOf(figureSources)),
  peakPowerKw: nullable(Type.Number({ minimum: 0, maximum: 10_000 })),
  powerSource: nullable(oneOf(figureSources)),
});
export type ChargingView = Static<typeof charging>;

const completeTo = { completeTo: Type.Union([isoTime], { description: 'Every report acknowledged before is contained' }) };
const pageWith = <S extends Parameters<typeof pageOf>[0]>(item: S) => closed({ ...pageOf(item).properties, ...completeTo });

export const tripPage = pageWith(trip);
export type TripPage = Static<typeof tripPage>;
export const stopPage = pageWith(stop);
export type StopPage = Static<typeof stopPage>;
export const chargingPage = pageWith(charging);
export type ChargingPage = Static<typeof chargingPage>;

/** The last 31 days when neither `from` nor `to` is given. */
export const activityQuery = closed({
  from: Type.Optional(Type.Union([timeParameter], { description: 'Start, inclusive; by when the trip began' })),
  to: Type.Optional(Type.Union([timeParameter], { description: 'End, exclusive' })),
  ...paging,
});

const timeZone = Type.Optional(
  Type.String({ minLength: 1, maxLength: 64, description: 'IANA name, as Europe/Madrid; UTC when not given. Days begin by it' }),
);
const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', maxLength: 10, description: 'A day in the time zone asked for' });

export const mileageDay = closed({
  day,
  /** null, here and below: not known, or not for this reader. */
  distanceKm: nullable(kilometres),
  trips: nullable(count),
  drivingSeconds: nullable(seconds),
  idleSeconds: nullable(seconds),
  energyKwh: nullable(kilowattHours),
  /** Range at full charge on that day. */
  rangeAtFullKm: nullable(kilometres),
  rangeSource: nullable(oneOf(figureSources)),
});
export type MileageDay = Static<typeof mileageDay>;

export const mileageQuery = closed({
  from: Type.Optional(timeParameter),
  to: Type.Optional(timeParameter),
  timeZone,
});

/** How far it went: today, on average, in total, and each day of the period (the last 31 when none is given). */
export const mileage = closed({
  totalKm: nullable(kilometres),
  totalAt: nullable(isoTime),
  todayKm: nullable(kilometres),
  /** Over the days since it was first seen, at most a year; null: less than that is known. */
  averageDayKm: nullable(kilometres),
  averageWeekKm: nullable(kilometres),
  averageMonthKm: nullable(kilometres),
  averageYearKm: nullable(kilometres),
  averageOverDays: count,
  kwhPer100Km: nullable(Type.Number({ minimum: 0, maximum: 10_000 })),
  energySource: nullable(oneOf(figureSources)),
  packKwh: Type.Union([nullable(Type.Number({ minimum: 0, maximum: 10_000 }))], { description: 'Pack size that models take' }),
  days: Type.Array(mileageDay),
  ...completeTo,
});
export type Mileage = Static<typeof mileage>;

export const tireTrend = closed({
  wheel: Type.Integer({ minimum: 0, maximum: 3, description: 'Front left, front right, rear left, rear right' }),
  nowKpa: nullable(Type.Number({ minimum: 0, maximum: 1500 })),
  /** kPa a day at 20 °C; negative: losing. */
  slopeKpaPerDay: nullable(Type.Number({ minimum: -1500, maximum: 1500 })),
  isLeaking: Type.Boolean(),
  since: Type.Union([nullable(isoTime)], { description: 'Where the trend begins' }),
  sinceKpa: nullable(Type.Number({ minimum: 0, maximum: 1500 })),
  days: Type.Array(closed({ day, kpa: Type.Number({ minimum: 0, maximum: 1500 }) }), { description: 'Cold pressure, at 20 °C' }),
});
export const tireTrends = closed({ wheels: Type.Array(tireTrend), ...completeTo });
export type TireTrends = Static<typeof tireTrends>;

const vehicleRef = closed({ id: opaqueId, plate: nullable(Type.String()), vin: Type.String() });

/** By who was assigned at the trip's start. */
export const driverTrip = closed({ ...trip.properties, vehicle: vehicleRef });
export type DriverTripView = Static<typeof driverTrip>;
export const driverTripPage = pageWith(driverTrip);
export type DriverTripPage = Static<typeof driverTripPage>;

export const driverHarshEvent = closed({ ...harshEvent.properties, tripId: opaqueId, vehicle: vehicleRef });
export type DriverHarshEventView = Static<typeof driverHarshEvent>;
export const driverHarshEventPage = pageWith(driverHarshEvent);
export type DriverHarshEventPage = Static<typeof driverHarshEventPage>;

const tag = 'trips' as const;
export const tripRoutes = {
  listTrips: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/trips',
    summary: 'List trips, newest first',
    tag,
    params: byId,
    query: activityQuery,
    status: 200,
    response: tripPage,
  }),
  readTrip: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/trips/{trip}',
    summary: 'Read a trip',
    description: 'A trip whose limits were corrected since is found by any moment of it that its id names.',
    tag,
    params: closed({ id: opaqueId, trip: opaqueId }),
    status: 200,
    response: trip,
  }),
  listStops: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/stops',
    summary: 'List stops, newest first',
    tag,
    params: byId,
    query: activityQuery,
    status: 200,
    response: stopPage,
  }),
  listCharging: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/charging',
    summary: 'List charging sessions, newest first',
    tag,
    params: byId,
    query: activityQuery,
    status: 200,
    response: chargingPage,
  }),
  listDriverTrips: reader({
    method: 'GET',
    path: '/v1/drivers/{id}/trips',
    summary: 'List the trips of a driver with any vehicle, newest first',
    description: 'Those that began while the driver was assigned to the vehicle. A page may end early; `next` goes on.',
    tag,
    params: byId,
    query: activityQuery,
    status: 200,
    response: driverTripPage,
  }),
  listDriverHarshEvents: reader({
    method: 'GET',
    path: '/v1/drivers/{id}/harsh-events',
    summary: 'List harsh events of the trips of a driver, newest first',
    description: '`from` and `to` are of when the trip began. A page may end early; `next` goes on.',
    tag,
    params: byId,
    query: activityQuery,
    status: 200,
    response: driverHarshEventPage,
  }),
  readMileage: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/mileage',
    summary: 'Read how far it went: today, on average, in total, by day',
    tag,
    params: byId,
    query: mileageQuery,
    status: 200,
    response: mileage,
  }),
  readTireTrends: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/tires',
    summary: 'Read the trend of each tire’s pressure',
    tag,
    params: byId,
    query: closed({ timeZone }),
    status: 200,
    response: tireTrends,
  }),
} as const;

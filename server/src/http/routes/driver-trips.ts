import { apiLimits, type RouteQuery } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { type DriverPage, type DriverTripsQuery, readDriverHarshEvents, readDriverTrips } from '../driver-trips.ts';
import { findDriver } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { lastDays, readPeriod, toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { driverHarshView, driverTripView } from '../views/trip-view.ts';

/** Trips and harsh events by driver. docs/drivers.md */
export const addDriverTripRoutes = (routes: RouteRegistrar, { registry, trips, clock }: HttpDeps): void => {
  const asked = (scope: ReadScope, id: string, query: RouteQuery<'listDriverTrips'>): DriverTripsQuery => ({
    driverNo: findDriver(registry, scope, id).driverNo,
    ...readPeriod(query, lastDays(clock.now())),
    cursor: query.cursor,
    limit: query.limit ?? apiLimits.pageSizeDefault,
  });
  const driverPageView = <T, V>({ items, next, completeTo }: DriverPage<T>, view: (item: T) => V) => ({
    items: items.map(view),
    next,
    completeTo: toIso(Math.min(completeTo, clock.now())),
  });

  routes.add('listDriverTrips', async ({ params, query, scope }) =>
    driverPageView(await readDriverTrips({ registry, trips, scope }, asked(scope, params.id, query)), (one) =>
      driverTripView({ directory: registry.directory, drivers: registry.drivers, scope }, one),
    ),
  );
  routes.add('listDriverHarshEvents', async ({ params, query, scope }) =>
    driverPageView(await readDriverHarshEvents({ registry, trips, scope }, asked(scope, params.id, query)), (one) =>
      driverHarshView({ directory: registry.directory, drivers: registry.drivers, scope }, one, one.event),
    ),
  );
};

import { apiLimits } from '@milepost/contract/api';
import { pageNewestFirst } from '../cursors.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readTime } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { privateView } from '../views/driver-view.ts';

/** Private trips. docs/drivers.md */
export const addPrivateRoutes = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  const { directory, drivers } = registry;

  routes.add('listPrivatePeriods', ({ params, query, scope }) => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    const page = pageNewestFirst(drivers.directory.privatePeriods(vehicleNo), ({ fromMs, id }) => [fromMs, id], {
      cursor: query.cursor,
      limit: query.limit ?? apiLimits.pageSizeDefault,
    });
    return { items: page.items.map((period) => privateView(registry, period)), next: page.next };
  });

  routes.add('makePrivate', async ({ params, body, scope }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    const fromMs = body.from === undefined ? clock.now() : readTime('from', body.from);
    const toMs = body.to === undefined ? Number.POSITIVE_INFINITY : readTime('to', body.to);
    const periods = await drivers.makePrivate(vehicle.id, { fromMs, toMs });
    return { items: periods.map((period) => privateView(registry, period)) };
  });

  routes.add('endPrivate', async ({ params, scope }) => {
    await drivers.endPrivate(findVehicle(directory, scope, params.id).id);
  });
};

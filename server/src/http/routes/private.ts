import { apiLimits, type RouteBody } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { invalidField } from '../../kernel/index.ts';
import { demandHolder } from '../access/rights.ts';
import { pageNewestFirst } from '../cursors.ts';
import { findTrip } from '../find-trip.ts';
import { findHeldVehicle, findVehicle, isOfReader } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { type Period, readTime } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { privateView } from '../views/driver-view.ts';

/** Private trips. docs/drivers.md */
export const addPrivateRoutes = (routes: RouteRegistrar, { registry, trips, clock }: HttpDeps): void => {
  const { directory, drivers, possessions } = registry;

  /** The last sample of a trip tells where it ended: it is in its period. */
  const periodOfTrip = async (id: string, scope: ReadScope, vehicleNo: number): Promise<Period> => {
    const trip = await findTrip(trips, scope, vehicleNo, id);
    if (!trip || trip.isOpen) throw invalidField('trip', id, 'the id of a trip of this vehicle that has ended');
    return { fromMs: trip.fromMs, toMs: trip.toMs + 1 };
  };
  const periodOf = (body: RouteBody<'makePrivate'>, scope: ReadScope, vehicleNo: number): Period | Promise<Period> => {
    const { trip, from, to } = body;
    if (trip === undefined)
      return {
        fromMs: from === undefined ? clock.now() : readTime('from', from),
        toMs: to === undefined ? Number.POSITIVE_INFINITY : readTime('to', to),
      };
    if (from !== undefined || to !== undefined) throw invalidField('trip', trip, 'no `from` and `to` beside it');
    return periodOfTrip(trip, scope, vehicleNo);
  };

  routes.add('listPrivatePeriods', ({ params, query, scope }) => {
    const { vehicleNo } = findHeldVehicle(directory, scope, params.id);
    const page = pageNewestFirst(
      drivers.directory.privatePeriods(vehicleNo).filter((one) => isOfReader(scope, one)),
      ({ fromMs, id }) => [fromMs, id],
      {
        cursor: query.cursor,
        limit: query.limit ?? apiLimits.pageSizeDefault,
      },
    );
    return { items: page.items.map((period) => privateView(registry, period)), next: page.next };
  });

  routes.add('makePrivate', async ({ params, body, scope, caller }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicle.vehicleNo);
    const periods = await drivers.makePrivate(vehicle.id, await periodOf(body, scope, vehicle.vehicleNo));
    return { items: periods.map((period) => privateView(registry, period)) };
  });

  routes.add('endPrivate', async ({ params, scope, caller }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicleNo);
    await drivers.endPrivate(id);
  });
};

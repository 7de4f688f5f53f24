import type { ErasureView } from '@milepost/contract/api';
import type { Erasure } from '../../erasure/index.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readTime, toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';

const erasureView = ({ id, fromMs, toMs, requestedAtMs, why }: Erasure): ErasureView => ({
  id,
  from: toIso(fromMs),
  to: toIso(toMs),
  requestedAt: toIso(requestedAtMs),
  why,
});

export const addErasureRoutes = (routes: RouteRegistrar, { registry, erasures }: HttpDeps): void => {
  const { directory } = registry;

  routes.add('eraseData', async ({ params, query, scope }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    const erasure = await erasures.erase({
      vehicleId: vehicle.id,
      fromMs: query.from === undefined ? undefined : readTime('from', query.from),
      toMs: query.to === undefined ? undefined : readTime('to', query.to),
      why: query.why,
    });
    return erasureView(erasure);
  });

  routes.add('listErasures', ({ params, scope }) => {
    const { id } = findVehicle(directory, scope, params.id);
    return { items: erasures.list(id).map(erasureView) };
  });
};

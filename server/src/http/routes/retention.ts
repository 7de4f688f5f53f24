import type { RetentionView } from '@milepost/contract/api';
import type { Customer, RetentionDays } from '../../registry/index.ts';
import { findCustomerById, findHeldVehicle, findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

const viewOf = (own: RetentionDays | undefined, effective: RetentionView['effective']): RetentionView => ({
  days: own?.days ?? null,
  groups: { ...own?.byGroup },
  effective,
});

export const addRetentionRoutes = (routes: RouteRegistrar, { registry, retention }: HttpDeps): void => {
  const { directory } = registry;
  const viewOfCustomer = (customer: Customer): RetentionView => viewOf(customer.retention, retention.effective({ customer }));

  routes.add('readCustomerRetention', ({ params, scope }) => viewOfCustomer(findCustomerById(directory, scope, params.id)));

  routes.add('changeCustomerRetention', async ({ params, body, scope }) =>
    viewOfCustomer(await registry.changeCustomerRetention(findCustomerById(directory, scope, params.id).id, body)),
  );

  routes.add('readRetention', ({ params, scope }) => {
    const vehicle = findHeldVehicle(directory, scope, params.id);
    return viewOf(vehicle.retention, retention.effective({ vehicle }));
  });

  routes.add('changeRetention', async ({ params, body, scope }) => {
    const vehicle = await registry.changeVehicleRetention(findVehicle(directory, scope, params.id).id, body);
    return viewOf(vehicle.retention, retention.effective({ vehicle }));
  });
};

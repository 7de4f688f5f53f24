import type { RetentionView } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import type { Customer, RetentionDays } from '../../registry/index.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

const viewOf = (own: RetentionDays | undefined, effective: RetentionView['effective']): RetentionView => ({
  days: own?.days ?? null,
  groups: { ...own?.byGroup },
  effective,
});

export const addRetentionRoutes = (routes: RouteRegistrar, { registry, retention }: HttpDeps): void => {
  const { directory } = registry;
  const findCustomer = (scope: ReadScope, id: string): Customer => {
    for (const customer of directory.customers())
      if (customer.id === id && scope.seesCustomer(customer.customerNo)) return customer;
    throw new CallerError('not_found', `there is no customer ${JSON.stringify(id)}`);
  };
  const viewOfCustomer = (customer: Customer): RetentionView => viewOf(customer.retention, retention.effective({ customer }));

  routes.add('readCustomerRetention', ({ params, scope }) => viewOfCustomer(findCustomer(scope, params.id)));

  routes.add('changeCustomerRetention', async ({ params, body, scope }) =>
    viewOfCustomer(await registry.changeCustomerRetention(findCustomer(scope, params.id).id, body)),
  );

  routes.add('readRetention', ({ params, scope }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    return viewOf(vehicle.retention, retention.effective({ vehicle }));
  });

  routes.add('changeRetention', async ({ params, body, scope }) => {
    const vehicle = await registry.changeVehicleRetention(findVehicle(directory, scope, params.id).id, body);
    return viewOf(vehicle.retention, retention.effective({ vehicle }));
  });
};

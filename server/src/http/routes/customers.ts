import { apiLimits } from '@milepost/contract/api';
import { pageByNumber } from '../cursors.ts';
import { findCustomerById } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';
import { customerView } from '../views/registry-view.ts';

export const addCustomerRoutes = (routes: RouteRegistrar, { registry }: HttpDeps): void => {
  const { directory } = registry;

  routes.add('createCustomer', async ({ body, reply }) => {
    const { id } = await registry.createCustomer(body.name);
    reply.header('location', `/v1/customers/${id}`);
    return { id };
  });

  routes.add('listCustomers', ({ query, scope }) => {
    const text = query.q?.toLowerCase() ?? '';
    const found = Array.from(directory.customers()).filter(
      (customer) => scope.seesCustomer(customer.customerNo) && customer.name.toLowerCase().includes(text),
    );
    const page = pageByNumber(found, (customer) => customer.customerNo, {
      cursor: query.cursor,
      limit: query.limit ?? apiLimits.pageSizeDefault,
    });
    return { items: page.items.map(customerView), next: page.next };
  });

  routes.add('readCustomer', ({ params, scope }) => customerView(findCustomerById(directory, scope, params.id)));

  routes.add('changeCustomer', async ({ params, body, scope }) =>
    customerView(await registry.updateCustomer(findCustomerById(directory, scope, params.id).id, body)),
  );
};

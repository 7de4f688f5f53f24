import { apiLimits, type DriverQuery, type RouteBody } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import type { ReadScope } from '../../events/index.ts';
import type { Directory, Driver, DriverPeriod } from '../../registry/index.ts';
import { demandCustomer, demandHolder } from '../access/rights.ts';
import { type Paged, pageNewestFirst, readCursor, writeCursor } from '../cursors.ts';
import { findCustomer, findDriver, findHeldVehicle, findVehicle, isOfReader } from '../find-vehicle.ts';
import type { Call, RouteRegistrar } from '../register-route.ts';
import { readTime } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { assignmentView, driverView } from '../views/driver-view.ts';

const isWanted = (
  directory: Directory,
  scope: ReadScope,
  { q = '', customer, state = 'active' }: DriverQuery,
): ((driver: Driver) => boolean) => {
  const owner = customer === undefined ? undefined : findCustomer(directory, scope, customer);
  if (customer !== undefined && !owner) throw invalidField('customer', customer, 'the name or id of a customer');
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ name, number, customerNo, endedAt }) => {
    if (!scope.seesCustomer(customerNo) || (owner && owner.customerNo !== customerNo)) return false;
    if (state !== 'all' && (endedAt === null) !== (state === 'active')) return false;
    if (words.length === 0) return true;
    const text = `${name} ${number ?? ''} ${directory.customerByNo(customerNo)?.name ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
};

const compare = (a: readonly [string, number], b: readonly [string, number]): number =>
  a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1;

/** By name, as it is written in small letters, then by when they were added. */
const pageByName = (drivers: readonly Driver[], { cursor, limit = apiLimits.pageSizeDefault }: DriverQuery): Paged<Driver> => {
  const after = cursor === undefined ? undefined : readCursor(cursor, ['string', 'number']);
  const keyed = drivers.map((driver) => ({ driver, key: [driver.name.toLowerCase(), driver.driverNo] as const }));
  const rest = keyed.filter(({ key }) => !after || compare(key, after) > 0).sort((a, b) => compare(a.key, b.key));
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(({ driver }) => driver),
    next: last && rest.length > items.length ? writeCursor(last.key) : null,
  };
};

type TimeField = RouteBody<'assignDriver'>['from'];
/** null: open. */
const readEnd = (field: 'from' | 'to', value: NonNullable<TimeField> | null): number => {
  if (value !== null) return readTime(field, value);
  return field === 'from' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
};

const readChanges = ({ from, to }: RouteBody<'changeDriverAssignment'>): Partial<DriverPeriod> => ({
  ...(from === undefined ? {} : { fromMs: readEnd('from', from) }),
  ...(to === undefined ? {} : { toMs: readEnd('to', to) }),
});

const addPeople = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  const { directory, drivers } = registry;
  const view = (scope: ReadScope, driver: Driver) => driverView({ directory, drivers, scope }, driver, clock.now());

  routes.add('createDriver', async ({ body, reply, caller, scope }) => {
    demandCustomer(caller, findCustomer(directory, scope, body.customer));
    const { id } = await drivers.create(body);
    reply.header('location', `/v1/drivers/${id}`);
    return { id };
  });

  routes.add('listDrivers', ({ query, scope }) => {
    const page = pageByName([...drivers.directory.drivers()].filter(isWanted(directory, scope, query)), query);
    return { items: page.items.map((driver) => view(scope, driver)), next: page.next };
  });

  routes.add('readDriver', ({ params, scope }) => view(scope, findDriver(registry, scope, params.id)));

  const managed = (call: Pick<Call<'changeDriver'>, 'caller' | 'scope'>, id: string): Driver => {
    const driver = findDriver(registry, call.scope, id);
    demandCustomer(call.caller, directory.customerByNo(driver.customerNo));
    return driver;
  };

  routes.add('changeDriver', async (call) => {
    const { params, body } = call;
    const { id } = managed(call, params.id);
    if (body.customer !== undefined) demandCustomer(call.caller, findCustomer(directory, call.scope, body.customer));
    return view(call.scope, await drivers.change(id, body));
  });

  routes.add('endDriver', async (call) => {
    await drivers.end(managed(call, call.params.id).id);
  });
};

const addAssignments = (routes: RouteRegistrar, { registry, clock }: HttpDeps): void => {
  const { directory, drivers, possessions } = registry;
  const pageOf = (
    assignments: ReturnType<typeof drivers.directory.assignmentsOfDriver>,
    query: Pick<DriverQuery, 'cursor' | 'limit'>,
    scope: ReadScope,
  ) => {
    const page = pageNewestFirst(assignments, ({ fromMs, id }) => [Math.max(fromMs, -1), id], {
      cursor: query.cursor,
      limit: query.limit ?? apiLimits.pageSizeDefault,
    });
    return { items: page.items.map((assignment) => assignmentView({ directory, drivers, scope }, assignment)), next: page.next };
  };

  routes.add('listDriverAssignments', ({ params, query, scope }) => {
    const { driverNo } = findDriver(registry, scope, params.id);
    const seen = drivers.directory.assignmentsOfDriver(driverNo).filter((one) => isOfReader(scope, one));
    return pageOf(seen, query, scope);
  });

  routes.add('listVehicleDrivers', ({ params, query, scope }) =>
    pageOf(
      drivers.directory
        .assignmentsOfVehicle(findHeldVehicle(directory, scope, params.id).vehicleNo)
        .filter((one) => isOfReader(scope, one)),
      query,
      scope,
    ),
  );

  routes.add('assignDriver', async ({ params, body, scope, caller }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicle.vehicleNo);
    const driver = drivers.directory.driverById(body.driverId);
    if (!driver || !scope.seesCustomer(driver.customerNo)) throw invalidField('driverId', body.driverId, 'the id of a driver');
    const fromMs = body.from === undefined ? clock.now() : readEnd('from', body.from);
    const toMs = body.to === undefined ? Number.POSITIVE_INFINITY : readTime('to', body.to);
    return assignmentView({ directory, drivers, scope }, await drivers.assign(vehicle.id, { driverId: driver.id, fromMs, toMs }));
  });

  routes.add('changeDriverAssignment', async ({ params, body, scope, caller }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicleNo);
    return assignmentView(
      { directory, drivers, scope },
      await drivers.changeAssignment(id, params.assignment, readChanges(body)),
    );
  });

  routes.add('removeDriverAssignment', async ({ params, scope, caller }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    demandHolder(caller, possessions.directory, vehicleNo);
    await drivers.removeAssignment(id, params.assignment);
  });
};

/** Who drives what. docs/drivers.md */
export const addDriverRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  addPeople(routes, deps);
  addAssignments(routes, deps);
};

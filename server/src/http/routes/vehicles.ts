import { connectionStatuses, isWarningCode, silenceReasons } from '@milepost/contract';
import {
  apiLimits,
  type RouteResponse,
  type VehicleFilters as FilterParameters,
  type VehicleDetail,
  type VehicleItem,
} from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { ReadScope } from '../../events/index.ts';
import { CallerError, invalidField } from '../../kernel/index.ts';
import { groupsOfRow, noteListRead, type NoteTold } from '../access/list-reads.ts';
import { actingOf, demandHolder } from '../access/rights.ts';
import type { FleetCounts, VehicleFilters, VehicleListItem } from '../../live/index.ts';
import type { Directory, VehicleChanges } from '../../registry/index.ts';
import { findCustomer, findVehicle } from '../find-vehicle.ts';
import { wantsCsv } from '../history/read-query.ts';
import { streamSlices } from '../history/slices.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';
import { csvFile } from '../csv.ts';
import { vehicleCsv } from '../views/vehicle-csv.ts';
import { type ViewContext, vehicleDetailView, vehicleItemView } from '../views/vehicle-view.ts';

type FilterReaders = {
  readonly [K in keyof Required<FilterParameters>]: (
    value: NonNullable<FilterParameters[K]>,
    directory: Directory,
    scope: ReadScope,
  ) => VehicleFilters;
};

const readWarning = (value: string): boolean | undefined => (value === 'true' ? true : value === 'false' ? false : undefined);

/** One row for each filter parameter of the contract: how its value becomes a filter of `live`. */
const filterReaders: FilterReaders = {
  q: (q) => ({ q }),
  status: (status) => ({ status: connectionStatuses.find((known) => known === status) }),
  reason: (reason) => ({ reason: silenceReasons.find((known) => known === reason) }),
  customer: (nameOrId, directory, scope) => {
    const customer = findCustomer(directory, scope, nameOrId);
    if (!customer) throw invalidField('customer', nameOrId, 'the name or id of a customer');
    return { customerId: customer.id };
  },
  group: (group) => ({ group }),
  hasGroup: (word) => ({ hasGroup: word === 'true' }),
  bbox: (bbox) => ({ bbox }),
  warning: (value) => ({ warning: isWarningCode(value) ? value : readWarning(value) }),
  energyBelow: (energyBelow) => ({ energyBelow }),
};

/** The filters of a query, by the table above. */
export const readFilters = (query: FilterParameters, directory: Directory, scope: ReadScope): VehicleFilters => {
  let filters: VehicleFilters = {};
  for (const [name, read] of Object.entries(filterReaders)) {
    const value = query[name as keyof FilterParameters];
    // A row reads the type of its own parameter, which the loop cannot know.
    if (value === undefined) continue;
    const readValue = read as (value: unknown, directory: Directory, scope: ReadScope) => VehicleFilters;
    filters = { ...filters, ...readValue(value, directory, scope) };
  }
  return filters;
};

const countsView = ({ total, byStatus, byReason, needAttention }: FleetCounts) => ({
  total,
  byStatus: { ...byStatus },
  byReason: { ...byReason },
  needAttention,
});

const mapItems = function* (
  items: Iterable<VehicleListItem>,
  context: ViewContext,
  scope: ReadScope,
  note: NoteTold,
): Iterable<VehicleItem> {
  for (const item of items) {
    const view = vehicleItemView(context, scope, item);
    note(item.vehicle.vehicleNo, groupsOfRow(view));
    yield view;
  }
};

export const addVehicleRoutes = (routes: RouteRegistrar, deps: HttpDeps): void => {
  const { registry, live } = deps;
  const { directory } = registry;
  const context: ViewContext = {
    live,
    directory,
    drivers: registry.drivers.directory,
    clock: deps.clock,
    vocabulary: deps.vocabulary,
  };

  routes.add('createVehicle', async ({ body, reply }) => {
    const vehicle = await registry.createVehicle(body);
    reply.header('location', `/v1/vehicles/${vehicle.id}`);
    return { id: vehicle.id, isVinCheckDigitValid: vehicle.isVinCheckDigitValid };
  });

  routes.add('listVehicles', async (call): Promise<RouteResponse<'listVehicles'> | FastifyReply> => {
    const { query, scope, request, reply } = call;
    const filters = readFilters(query, directory, scope);
    const { sort } = query;
    reply.header('vary', 'accept');
    if (wantsCsv(query.format, request.headers.accept)) {
      for (const name of ['cursor', 'limit'] as const)
        if (query[name] !== undefined) throw invalidField(name, query[name], 'nothing: CSV has all that fit');
      const items = live.eachVehicle(scope, { ...filters, sort });
      const note = await noteListRead(deps, call);
      return reply.headers(csvFile('vehicles.csv')).send(streamSlices(vehicleCsv(mapItems(items, context, scope, note))));
    }
    const limit = query.limit ?? apiLimits.pageSizeDefault;
    const { items, next } = live.listVehicles(scope, { ...filters, sort, cursor: query.cursor, limit });
    return { items: [...mapItems(items, context, scope, await noteListRead(deps, call))], next };
  });

  routes.add('countVehicles', ({ query, scope }) => {
    const { by, ...asked } = query;
    const filters = readFilters(asked, directory, scope);
    const counts = countsView(live.fleetCounts(scope, filters));
    if (by === undefined) return counts;
    const all = live.countParts(scope, by, filters);
    const parts = all.slice(0, apiLimits.vehiclePartsMax).map((part) => ({ name: part.name, ...countsView(part) }));
    return { ...counts, parts, furtherParts: all.length - parts.length };
  });

  /** Of all grants together; null for who needs none. */
  const sharedItems = (scope: ReadScope, vehicleNo: number, personNo: number | null): VehicleDetail['sharedItems'] => {
    if (personNo === null || !scope.isGuest?.(vehicleNo)) return null;
    const grants = deps.consents.book.of({ kind: 'person', personNo }, vehicleNo);
    return grants.filter(({ state }) => state === 'active').flatMap(({ items }) => [...items]);
  };
  routes.add('readVehicle', ({ params, scope, caller }) => {
    const vehicle = findVehicle(directory, scope, params.id);
    return vehicleDetailView(context, scope, vehicle, sharedItems(scope, vehicle.vehicleNo, caller.reader.personNo));
  });

  routes.add('changeVehicle', async ({ params, body, scope, caller, request }) => {
    const { id, vehicleNo } = findVehicle(directory, scope, params.id);
    demandHolder(caller, registry.possessions.directory, vehicleNo);
    if (body.customer !== undefined && !caller.isOperator)
      throw new CallerError('forbidden', 'a vehicle is given to another customer by operators of the platform');
    // `undefined` never comes from JSON, so absent means unchanged and null means removed.
    const vehicle = await registry.updateVehicle(id, body as VehicleChanges, actingOf(caller, request));
    return vehicleDetailView(context, scope, vehicle);
  });

  routes.add('endVehicle', async ({ params, scope }) => {
    await registry.endVehicle(findVehicle(directory, scope, params.id).id);
  });
};

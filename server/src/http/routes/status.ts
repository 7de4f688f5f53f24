import type { ConnectionStatus } from '@milepost/contract';
import { apiLimits, type RouteQuery, type RouteResponse, type StatusChangeView } from '@milepost/contract/api';
import type { FastifyReply } from 'fastify';
import type { ReadScope } from '../../events/index.ts';
import type { StatusChange } from '../../history/index.ts';
import { invalidField } from '../../kernel/index.ts';
import type { Directory, Vehicle } from '../../registry/index.ts';
import { type Paged, readCursor, writeCursor } from '../cursors.ts';
import { asSeen } from '../../sharing/index.ts';
import { findCustomer, findVehicle } from '../find-vehicle.ts';
import { httpLimits } from '../limits.ts';
import { wantsCsv } from '../history/read-query.ts';
import { type CsvList, sendCsvList } from '../list-csv.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { readPeriod, toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';

type Filter = (vehicle: Vehicle) => boolean;

export const statusChangeView = (directory: Directory, scope: ReadScope, change: StatusChange): StatusChangeView | undefined => {
  const known = directory.vehicleByNo(change.vehicleNo);
  if (!known) return undefined;
  const vehicle = asSeen(scope, known);
  return {
    vehicleId: vehicle.id,
    vin: vehicle.vin,
    plate: vehicle.plate,
    customer: directory.customerByNo(vehicle.customerNo)?.name ?? '',
    at: toIso(change.at),
    from: change.from,
    to: change.to,
    reason: change.reason,
  };
};

const textFilter = (directory: Directory, q: string): Filter => {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return (vehicle) => {
    const customer = directory.customerByNo(vehicle.customerNo)?.name ?? '';
    const text = `${vehicle.vin} ${vehicle.plate ?? ''} ${customer} ${vehicle.model ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
};

const filterOf = (directory: Directory, scope: ReadScope, query: RouteQuery<'listStatusChanges'>): Filter | undefined => {
  const customer = query.customer === undefined ? undefined : findCustomer(directory, scope, query.customer);
  if (query.customer !== undefined && !customer) throw invalidField('customer', query.customer, 'the name or id of a customer');
  const text = query.q === undefined || query.q.trim() === '' ? undefined : textFilter(directory, query.q);
  if (!customer && !text) return undefined;
  return (vehicle) => (!customer || vehicle.customerNo === customer.customerNo) && (!text || text(vehicle));
};

interface Wanted {
  readonly fromMs: number;
  readonly toMs: number;
  readonly to: ConnectionStatus | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

type Source = HttpDeps['history'];

/** A query for status changes: from the beginning, unless a period is given. */
const wantedOf = (query: RouteQuery<'readVehicleStatus'>, nowMs: number): Wanted => ({
  ...readPeriod(query, (from, to) => ({ fromMs: from ?? 0, toMs: to ?? nowMs + apiLimits.historyAheadMs })),
  to: query.status,
  cursor: query.cursor,
  limit: query.limit ?? apiLimits.pageSizeDefault,
});

/**
 * One page, newest first. With a filter too wide to name its vehicles the timeline is scanned, at most `statusScanMax` changes: the page may
 * then hold fewer than asked for, even none, and still have a next one.
 */
const readPage = async (
  history: Source,
  scope: ReadScope,
  wanted: Wanted,
  vehicleNos: readonly number[] | null,
  keep: (change: StatusChange) => boolean,
): Promise<Paged<StatusChange>> => {
  const [at, vehicleNo] = wanted.cursor === undefined ? [] : readCursor(wanted.cursor, ['number', 'number']);
  let after = at === undefined || vehicleNo === undefined ? undefined : { at, vehicleNo };
  const items: StatusChange[] = [];
  const stepMax = vehicleNos === null ? httpLimits.statusScanStep : wanted.limit;
  for (let scanned = 0; scanned < httpLimits.statusScanMax; scanned += stepMax) {
    const limit = Math.max(stepMax, wanted.limit);
    const { fromMs, toMs, to } = wanted;
    const found = await history.status(scope, {
      vehicleNos,
      fromMs,
      toMs,
      limit,
      ...(to ? { to } : {}),
      ...(after ? { after } : {}),
    });
    for (const change of found) {
      const isSameKey = after?.at === change.at && after.vehicleNo === change.vehicleNo;
      if (items.length >= wanted.limit && !isSameKey)
        return { items, next: writeCursor([after?.at ?? 0, after?.vehicleNo ?? 0]) };
      if (keep(change)) items.push(change);
      after = { at: change.at, vehicleNo: change.vehicleNo };
    }
    if (found.length < limit) return { items, next: null };
  }
  return { items, next: after ? writeCursor([after.at, after.vehicleNo]) : null };
};

/** Their numbers, when they are few enough to be named. */
const fewNumbers = (directory: Directory, filter: Filter): readonly number[] | null => {
  const numbers: number[] = [];
  for (const vehicle of directory.vehicles()) {
    if (!filter(vehicle)) continue;
    numbers.push(vehicle.vehicleNo);
    if (numbers.length > httpLimits.statusVehiclesMax) return null;
  }
  return numbers;
};

/** Whether a change is for the reason asked for, if one was. */
const isFor = (change: StatusChange, { reason }: RouteQuery<'readVehicleStatus'>): boolean =>
  reason === undefined || change.reason === reason;

const columns: CsvList<StatusChangeView>['columns'] = [
  ['at', ({ at }) => at],
  ['from', ({ from }) => from],
  ['to', ({ to }) => to],
  ['reason', ({ reason }) => (reason === 'none' ? null : reason)],
  ['plate', ({ plate }) => plate],
  ['vin', ({ vin }) => vin],
  ['customer', ({ customer }) => customer],
  ['vehicleId', ({ vehicleId }) => vehicleId],
];

const toViews = (directory: Directory, scope: ReadScope, page: Paged<StatusChange>) => ({
  items: page.items.map((change) => statusChangeView(directory, scope, change)).filter((change) => change !== undefined),
  next: page.next,
});

export const addStatusRoutes = (routes: RouteRegistrar, { registry, history, clock }: HttpDeps): void => {
  const { directory } = registry;

  routes.add('readVehicleStatus', async ({ params, query, scope }) => {
    const { vehicleNo } = findVehicle(directory, scope, params.id);
    return toViews(
      directory,
      scope,
      await readPage(history, scope, wantedOf(query, clock.now()), [vehicleNo], (change) => isFor(change, query)),
    );
  });

  type Query = RouteQuery<'listStatusChanges'>;
  const readChanges = async (scope: ReadScope, query: Query): Promise<RouteResponse<'listStatusChanges'>> => {
    const filter = filterOf(directory, scope, query);
    const one = query.vehicle === undefined ? undefined : findVehicle(directory, scope, query.vehicle).vehicleNo;
    const vehicleNos = one === undefined ? (filter ? fewNumbers(directory, filter) : null) : [one];
    const keep = (change: StatusChange): boolean => {
      const vehicle = directory.vehicleByNo(change.vehicleNo);
      const isAllowed = vehicle !== undefined && scope.allowsVehicle(change.vehicleNo);
      return isAllowed && isFor(change, query) && (!filter || filter(asSeen(scope, vehicle)));
    };
    if (vehicleNos?.length === 0) return { items: [], next: null };
    return toViews(directory, scope, await readPage(history, scope, wantedOf(query, clock.now()), vehicleNos, keep));
  };

  routes.add(
    'listStatusChanges',
    async ({ query, scope, request, reply }): Promise<RouteResponse<'listStatusChanges'> | FastifyReply> => {
      reply.header('vary', 'accept');
      if (!wantsCsv(query.format, request.headers.accept)) return readChanges(scope, query);
      const read = (cursor: string | undefined) =>
        readChanges(scope, { ...query, limit: apiLimits.pageSizeMax, ...(cursor === undefined ? {} : { cursor }) });
      return sendCsvList(reply, clock, { name: 'status.csv', columns, read });
    },
  );
};

import { apiLimits, type ReceiptView, type RouteQuery } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import { CallerError } from '../../kernel/index.ts';
import { asSeen, readerOf, type ReceiptHolders, type ReceiptSum } from '../../sharing/index.ts';
import { type Actor, systemActor } from '../../storage/index.ts';
import type { Caller } from '../access/authenticate.ts';
import { readCursor, writeCursor } from '../cursors.ts';
import { findVehicle } from '../find-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import { lastDays, readPeriod, toIso } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { signedInOf } from './people.ts';

type Deps = Pick<HttpDeps, 'registry' | 'partners' | 'consents' | 'receipts' | 'clock'>;

/** Staff see what concerns customers: what concerns a private owner is that owner's alone. */
const holdersOf = ({ reader }: Caller): ReceiptHolders => ({
  personNo: reader.personNo,
  customerNos: reader.isStaff ? 'all' : reader.customerNos,
});
const actorOf = ({ reader }: Caller): Actor =>
  reader.isStaff || reader.personNo === null ? systemActor('receipts') : { kind: 'person', id: String(reader.personNo) };

const readReceiptCursor = (cursor: string | undefined) => {
  if (cursor === undefined) return undefined;
  const [from, vehicleNo, readerKind, readerNo, item, channel] = readCursor(cursor, [
    'string',
    'number',
    'string',
    'number',
    'string',
    'string',
  ]);
  return { from, vehicleNo, readerKind, readerNo, item, channel };
};
const readUsageCursor = (cursor: string | undefined) => {
  if (cursor === undefined) return undefined;
  const [from, item, channel] = readCursor(cursor, ['string', 'string', 'string']);
  return { from, item, channel };
};

/** One page of `limit` + 1 found. */
const pageOf = <T, View>(
  found: readonly T[],
  limit: number,
  viewOf: (one: T) => View,
  keyOf: (one: T) => (string | number)[],
) => {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(viewOf), next: last !== undefined && found.length > limit ? writeCursor(keyOf(last)) : null };
};

const periodOf = (query: RouteQuery<'listAppUsage'>, { clock }: Pick<Deps, 'clock'>) => ({
  ...readPeriod(query, lastDays(clock.now())),
  per: query.per ?? ('day' as const),
});

/** In words. Names of people are read for all of a page at once. */
const makeViews = async (sums: readonly ReceiptSum[], scope: ReadScope, { registry, partners, consents }: Deps) => {
  const readers = sums.map(readerOf);
  const names = await consents.namesOf(readers.flatMap((reader) => (reader.kind === 'app' ? [] : (reader.personNo ?? []))));
  const apps = new Map(partners.directory.list().map((app) => [app.appNo, app]));
  const readerView = (sum: ReceiptSum): ReceiptView['reader'] => {
    const reader = readerOf(sum);
    if (reader.kind !== 'app') return { kind: reader.kind, name: names.get(reader.personNo ?? 0) ?? null };
    const app = apps.get(reader.appNo);
    const partner = app ? { id: app.organisationId, name: app.organisationName } : null;
    return { kind: 'app', id: app?.id ?? null, name: app?.name ?? null, partner };
  };
  return (sum: ReceiptSum): ReceiptView => {
    const known = registry.directory.vehicleByNo(sum.vehicleNo);
    const vehicle = known && asSeen(scope, known);
    return {
      from: sum.from,
      reader: readerView(sum),
      vehicle: { id: vehicle?.id ?? '-', vin: vehicle?.vin ?? '', plate: vehicle?.plate ?? null },
      item: sum.item,
      channel: sum.channel,
      reads: sum.reads,
      firstAt: toIso(sum.firstMs),
      lastAt: toIso(sum.lastMs),
    };
  };
};

/** Receipts of what was read, and what a partner used. docs/consent.md */
export const addReceiptRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { registry, partners, receipts } = deps;
  const appNoOf = (id: string): number => partners.directory.find(id)?.appNo ?? 0;

  routes.add('listReceipts', async ({ query, scope, caller }) => {
    const { limit = apiLimits.pageSizeDefault, vehicle, reader, app, item } = query;
    const kind = app === undefined ? reader : 'app';
    const found = await receipts.list(actorOf(caller), holdersOf(caller), {
      ...periodOf(query, deps),
      item,
      limit: limit + 1,
      vehicleNo: vehicle === undefined ? undefined : findVehicle(registry.directory, scope, vehicle).vehicleNo,
      reader: kind && { kind, appNo: app === undefined ? undefined : appNoOf(app) },
      after: readReceiptCursor(query.cursor),
    });
    const keyOf = (sum: ReceiptSum) => [sum.from, sum.vehicleNo, sum.readerKind, sum.readerNo, sum.item, sum.channel];
    return pageOf(found, limit, await makeViews(found.slice(0, limit), scope, deps), keyOf);
  });

  routes.add('listAppUsage', async ({ params, query, caller }) => {
    const { personNo } = signedInOf(caller).person;
    const { limit = apiLimits.pageSizeDefault } = query;
    const partner = await partners.organisations.read(params.id, personNo);
    const app = await partners.apps.read(partner, params.app, personNo);
    if (!app) throw new CallerError('not_found', 'there is no such app');
    const found = await receipts.usage({ kind: 'person', id: String(personNo) }, app.appNo, {
      ...periodOf(query, deps),
      limit: limit + 1,
      after: readUsageCursor(query.cursor),
    });
    const viewOf = ({ lastMs, ...sum }: (typeof found)[number]) => ({ ...sum, lastAt: toIso(lastMs) });
    return pageOf(found, limit, viewOf, ({ from, item, channel }) => [from, item, channel]);
  });
};

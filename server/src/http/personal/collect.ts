import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadScope } from '../../events/index.ts';
import type { SignedIn } from '../../people/index.ts';
import type { Collect, ZipEntry } from '../../personal-data/index.ts';
import { readerOf } from '../../sharing/index.ts';
import type { ActivityPage, ActivityQuery } from '../../trips/index.ts';
import { historyPages } from '../export/pages.ts';
import { lakeColumns, lakePages } from '../export/lake-pages.ts';
import type { Period } from '../times.ts';
import { toIso, toIsoOrNull } from '../times.ts';
import type { HttpDeps } from '../types.ts';
import { activityView, chargingView, stopView } from '../views/trip-view.ts';
import { type NameOf, plain } from './plain.ts';

export type CollectDeps = Pick<
  HttpDeps,
  | 'people'
  | 'partners'
  | 'consents'
  | 'oauth'
  | 'receipts'
  | 'registry'
  | 'live'
  | 'history'
  | 'trips'
  | 'lake'
  | 'vocabulary'
  | 'clock'
>;

export interface CollectFor {
  readonly signedIn: SignedIn;
  /** Of the person; cut to the periods in which they held each vehicle all the same. */
  readonly scope: ReadScope;
}

const pageSize = 500;
/** What of the whole is said to be done when the account is; the rest is shared among the vehicles. */
const accountPercent = 10;

const json = (value: unknown): Buffer[] => [Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8')];

interface Held {
  readonly vehicleNo: number;
  readonly id: string;
  readonly vin: string;
  readonly periods: readonly Period[];
}

const heldBy = ({ registry, clock }: CollectDeps, personNo: number): Held[] => {
  const { directory, possessions } = registry;
  return [...possessions.directory.vehiclesOfPerson(personNo)].flatMap((vehicleNo): Held[] => {
    const vehicle = directory.vehicleByNo(vehicleNo);
    const own = possessions.directory
      .periods(vehicleNo)
      .filter(({ holder }) => holder.kind === 'person' && holder.personNo === personNo)
      .map(({ fromMs, toMs }) => ({ fromMs: Math.max(0, fromMs), toMs: Math.min(toMs, clock.now() + 1) }));
    return vehicle ? [{ vehicleNo, id: vehicle.id, vin: vehicle.vin, periods: own }] : [];
  });
};

const namesOf = ({ registry, partners }: CollectDeps, personNo: number): NameOf => {
  const apps = new Map(partners.directory.list().map((app) => [app.appNo, app]));
  const organisations = new Map(partners.directory.list().map((app) => [app.organisationNo, app.organisationName]));
  return (key, no) => {
    if (key === 'vehicleNo') return ['vehicle', registry.directory.vehicleByNo(no)?.id ?? null];
    if (key === 'appNo') return ['app', apps.get(no)?.name ?? null];
    if (key === 'organisationNo') return ['partner', organisations.get(no) ?? null];
    if (key === 'customerNo') return ['customer', registry.directory.customerByNo(no)?.name ?? null];
    // Other people are theirs to tell of.
    if (key.toLowerCase().endsWith('personno')) return [key.slice(0, -2), no === personNo ? 'you' : 'another person'];
    return undefined;
  };
};

const accountOf = async ({ people }: CollectDeps, { person, memberships }: SignedIn) => ({
  account: person,
  memberships: memberships.map(({ kind, name, role }) => ({ kind, name, role })),
  passkeys: await people.passkeys.list(person),
  outsideProviders: await people.outside.list(person),
  accessTokens: await people.own.tokens(person),
});

const staffActs: ReadonlySet<string> = new Set(['glass_broken', 'vehicle_read']);

/** The whole log about the person, the newest first. */
const activityOf = async ({ people }: CollectDeps, { person }: SignedIn) => {
  const all: unknown[] = [];
  for (let before: number | null = null; ; ) {
    const page = await people.own.activity(person, before, pageSize);
    for (const { atMs, act, actorPersonNo, actorName, subject, address, detail } of page) {
      const isOwn = actorPersonNo === person.personNo;
      // Of others who did something, staff alone are named: the buyer of a car is not the seller's to know.
      const by = isOwn ? 'you' : staffActs.has(act) ? actorName : actorPersonNo === null ? null : 'another person';
      all.push({ atMs, act, by, subject, detail, ...(isOwn || actorPersonNo === null ? { address } : {}) });
    }
    const last = page.at(-1);
    if (!last || page.length < pageSize) return all;
    before = last.eventNo;
  }
};

const receiptsOf = async ({ receipts, clock }: CollectDeps, personNo: number) => {
  const all: unknown[] = [];
  const query = { per: 'day' as const, fromMs: 0, toMs: clock.now() + 1, limit: pageSize };
  const list = (after?: Awaited<ReturnType<typeof receipts.list>>[number]) =>
    receipts.list({ kind: 'person', id: String(personNo) }, { personNo, customerNos: [] }, { ...query, after });
  for (let page = await list(); page.length > 0; page = await list(page.at(-1))) {
    for (const sum of page) {
      const { from: day, vehicleNo, item, channel, reads, firstMs, lastMs } = sum;
      all.push({ day, reader: readerOf(sum), vehicleNo, item, channel, reads, firstMs, lastMs });
    }
    if (page.length < pageSize) break;
  }
  return all;
};

const listAll = async <T, V>(
  { periods, vehicleNo }: Held,
  list: (query: ActivityQuery) => Promise<ActivityPage<T>>,
  view: (one: T) => V,
): Promise<V[]> => {
  const all: V[] = [];
  for (const period of periods)
    for (let cursor: string | undefined; ; ) {
      const { items, next } = await list({ vehicleNo, ...period, cursor, limit: pageSize });
      all.push(...items.map(view));
      if (next === null) break;
      cursor = next;
    }
  return all;
};

/** Values of each period, as Parquet; removed when it was read. */
const valuesOf = async function* (
  deps: CollectDeps,
  { scope }: CollectFor,
  held: Held,
  signal: AbortSignal,
): AsyncGenerator<ZipEntry> {
  const { live, history, lake, vocabulary } = deps;
  const signals = vocabulary().signals.filter(({ number }) => live.peek(held.vehicleNo, number) !== undefined);
  if (signals.length === 0) return;
  for (const period of held.periods) {
    const pages = historyPages(history, scope, { vehicleNo: held.vehicleNo, signals, ...period });
    const file = await lake.writeParquet(lakeColumns(signals), lakePages(pages, signals), signal);
    try {
      const name = `vehicles/${held.id}/values-from-${toIso(period.fromMs).slice(0, 10)}-${period.fromMs}.parquet`;
      yield { name, content: createReadStream(file.path) as AsyncIterable<Buffer> };
    } finally {
      await file.remove();
    }
  }
};

const activitiesOf = async ({ trips }: CollectDeps, { scope }: CollectFor, held: Held) => ({
  trips: await listAll(held, (query) => trips.listTrips(scope, query), activityView),
  stops: await listAll(held, (query) => trips.listStops(scope, query), stopView),
  charging: await listAll(held, (query) => trips.listCharging(scope, query), chargingView),
});

const about = (nowMs: number) => ({
  format: 'milepost person 1',
  madeAt: toIso(nowMs),
  files: {
    'account.json': 'Your account, memberships, passkeys, linked providers and access tokens',
    'sessions.json': 'Where you are signed in',
    'activity.json': 'What was done to your account and your vehicles, and by whom (the audit log about you)',
    'grants.json': 'What you gave to whom, and what you read by grants of others, with its whole history',
    'requests.json': 'What you are asked and did not answer yet',
    'blocks.json': 'Partners that may not ask you',
    'receipts.json': 'Who read what of your vehicles, by day',
    'vehicles.json': 'Which vehicles you held, and when',
    'vehicles/…/trips.json': 'Trips, stops and charging of your periods',
    'vehicles/…/values-….parquet': 'Every value of a period in which you held the vehicle',
  },
});

/** Everything of one person, file by file. Of other people it names staff alone, who looked at a vehicle. */
export const collectPerson = (deps: CollectDeps, of: CollectFor): Collect =>
  async function* (tellPercent, signal) {
    const { consents, oauth, clock, people } = deps;
    const { signedIn } = of;
    const { personNo } = signedIn.person;
    const nameOf = namesOf(deps, personNo);
    const entry = (name: string, value: unknown): ZipEntry => ({ name, content: json(plain(value, nameOf)) });
    const held = heldBy(deps, personNo);
    yield { name: 'about.json', content: json(about(clock.now())) };
    yield entry('account.json', await accountOf(deps, signedIn));
    yield entry('sessions.json', await people.sessions.list(personNo));
    yield entry('activity.json', await activityOf(deps, signedIn));
    const { grants } = await consents.ofPerson(personNo);
    yield entry('grants.json', grants);
    yield entry('requests.json', await oauth.consents.list(signedIn));
    yield entry('blocks.json', await consents.blocks(personNo));
    yield entry('receipts.json', await receiptsOf(deps, personNo));
    yield {
      name: 'vehicles.json',
      content: json(
        held.map(({ id, vin, periods }) => ({
          id,
          vin,
          periods: periods.map(({ fromMs, toMs }) => ({
            from: toIso(fromMs),
            to: toMs > clock.now() ? null : toIsoOrNull(toMs),
          })),
        })),
      ),
    };
    for (const [i, vehicle] of held.entries()) {
      tellPercent(accountPercent + ((100 - accountPercent) * i) / held.length);
      await nextTurn();
      yield { name: `vehicles/${vehicle.id}/trips.json`, content: json(await activitiesOf(deps, of, vehicle)) };
      yield* valuesOf(deps, of, vehicle, signal);
    }
  };

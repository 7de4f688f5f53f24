import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ChangesPage, FeedEvent, GrantFeedEvent, VehicleChanged } from '@milepost/contract/api';
import { sql } from 'kysely';
import { systemActor } from '../storage/index.ts';
import type { TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';
import { openTestPartner, type TestPartner } from './testing/test-partner.ts';

// What an app is told of changes by cursor: at least once, through its grants, and never sooner than they allow.

const odometer = 'Vehicle.TraveledDistance';
const latitude = 'Vehicle.CurrentLocation.Latitude';
const minute = 60_000;
const hour = 60 * minute;
const startMs = Date.UTC(2026, 10, 22, 8);
const clock = makeSettableClock(startMs);
let server: TestServer;
let volt: TestPartner;
let other: TestPartner;
let car: TestVehicle;
let second: TestVehicle;

const wanted = ['mileage', 'position', 'motion'].map((item) => ({ item }));
before(async () => {
  server = await openTestServer('http-partner-changes', {}, { clock, tokenLifetimeMs: 90 * 24 * hour });
  volt = await openTestPartner(server, wanted);
  other = await openTestPartner(server, wanted, 'eve@example.com');
  car = await volt.addCar(1);
  second = await volt.addCar(2);
});
after(() => server?.close());

const read = async (token: string, query = '', by = volt): Promise<ChangesPage> => {
  const { status, json } = await by.get<ChangesPage>(`/changes${query}`, token);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
/** All that there is from a cursor on. */
const readOn = async (token: string, from: string): Promise<{ readonly items: FeedEvent[]; readonly cursor: string }> => {
  const items: FeedEvent[] = [];
  let cursor = from;
  for (let pages = 0; ; pages++) {
    assert.ok(pages < 50, 'it always moves on');
    const page = await read(token, `?cursor=${cursor}`);
    items.push(...page.items);
    cursor = page.cursor;
    if (!page.hasMore) return { items, cursor };
  }
};
const at = async (ms: number): Promise<void> => clock.set(ms);
const changed = (items: readonly FeedEvent[]): VehicleChanged[] => items.filter((item) => item.type === 'vehicle.changed');
/** A moment later, and of that moment. */
const report = (of: TestVehicle, signals: Record<string, unknown>): Promise<void> => {
  clock.set(clock.now() + 10);
  return of.report([{ time: clock.now(), signals }]);
};

test('what changes is told once, from the cursor on, and once more to who asks with the old one', async () => {
  const token = await volt.give([car, second], [{ item: 'mileage' }, { item: 'position', place: 'about1km' }]);
  const first = await read(token);
  assert.deepEqual([first.items, first.hasMore], [[], false], 'without a cursor it begins now');
  await report(car, { [odometer]: 1000, [latitude]: 48.1371, 'Vehicle.CurrentLocation.Longitude': 11.5, 'Vehicle.Speed': 50 });
  await report(second, { 'Vehicle.Speed': 50 });
  const { items, cursor } = await readOn(token, first.cursor);
  assert.equal(items.length, 1, 'a report of which nothing is granted is not told');
  const [event] = changed(items);
  assert.equal(event?.signals[odometer]?.value, 1000);
  assert.equal(event?.signals[latitude]?.value, 48.135);
  assert.ok(!('Vehicle.Speed' in (event?.signals ?? {})));
  assert.deepEqual((await readOn(token, cursor)).items, []);
  assert.deepEqual(
    (await readOn(token, first.cursor)).items.map(({ id }) => id),
    [event?.id],
    'the same has the same id',
  );
});

test('pages are as long as is asked for, and go on', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const { cursor } = await read(token);
  for (let i = 1; i <= 5; i++) await report(car, { [odometer]: 1000 + i });
  const page = await read(token, `?limit=2&cursor=${cursor}`);
  assert.deepEqual([changed(page.items).map(({ signals }) => signals[odometer]?.value), page.hasMore], [[1001, 1002], true]);
  const rest = await readOn(token, page.cursor);
  assert.deepEqual(
    changed(rest.items).map(({ signals }) => signals[odometer]?.value),
    [1003, 1004, 1005],
  );
});

test('what an owner does is told, too, and nothing of what was taken back', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }, { item: 'position' }]);
  const { cursor } = await readOn(token, (await read(token)).cursor);
  await report(car, { [odometer]: 2000, [latitude]: 48.2, 'Vehicle.CurrentLocation.Longitude': 11.5 });
  await volt.change({ items: [{ item: 'mileage' }] });
  const told = await readOn(token, cursor);
  const [narrowed] = told.items.filter((item): item is GrantFeedEvent => item.type === 'grant.narrowed');
  assert.deepEqual(narrowed?.grant.items, [{ item: 'mileage' }]);
  const [event] = changed(told.items);
  assert.deepEqual([Object.keys(event?.signals ?? {}), event?.withheld], [[odometer], [{ item: 'position', reason: 'revoked' }]]);
  await volt.change({ state: 'paused' });
  await report(car, { [odometer]: 2001 });
  await volt.change({ state: 'active' });
  await volt.end();
  await report(car, { [odometer]: 2002 });
  const last = await readOn(token, told.cursor);
  assert.deepEqual(
    last.items.map(({ type }) => type),
    ['grant.paused', 'grant.resumed', 'grant.ended'],
  );
  assert.equal((last.items.at(-1) as GrantFeedEvent).reason, 'revoked');
});

test('values of an hour are told when it is over, however late within it they came', async () => {
  /** What is told at each look of a day on which the car reports at these minutes. */
  const day = async (from: number, minutes: readonly number[], km: number): Promise<string> => {
    // A token lasts 15 minutes: each look has one of its own.
    const ask = (): Promise<string> => volt.give([car], [{ item: 'mileage', time: 'hour' }]);
    const token = await ask();
    let { cursor } = await readOn(token, (await read(token)).cursor);
    const told: unknown[] = [];
    for (let look = 0; look <= 240; look += 15) {
      for (const one of minutes.filter((m) => m > look - 15 && m <= look)) {
        await at(from + one * minute);
        await report(car, { [odometer]: km + Math.floor(one / 60) });
      }
      await at(from + look * minute + 1);
      const page = await readOn(await ask(), cursor);
      cursor = page.cursor;
      told.push([look, changed(page.items).map(({ signals, time }) => [signals[odometer]?.value, Date.parse(time) - from])]);
    }
    await volt.end();
    return JSON.stringify(told);
  };
  await at(startMs + 24 * hour);
  const early = await day(startMs + 24 * hour, [65, 70, 71, 121], 0);
  await at(startMs + 48 * hour);
  const late = await day(startMs + 48 * hour, [61, 119, 170], 0);
  assert.equal(late, early, 'when it came does not show');
  assert.ok(early.includes(`[120,[[1,${2 * hour}]]]`) && early.includes(`[180,[[2,${3 * hour}]]]`), early);
});

test('what was erased is told no more, though the log has it', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const { cursor } = await read(token);
  await report(car, { [odometer]: 3000 });
  assert.equal(changed((await readOn(token, cursor)).items).length, 1);
  await at(clock.now() + 1000);
  const erased = await server.ask('eraseData', { id: car.id });
  assert.ok(erased.status < 300, erased.text);
  assert.deepEqual(changed((await readOn(token, cursor)).items), []);
});

test('a cursor is of one app, and not older than a week', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const { cursor } = await read(token);
  const evesCar = await other.addCar(3);
  const evesToken = await other.give([evesCar], [{ item: 'mileage' }]);
  assert.equal((await other.get(`/changes?cursor=${cursor}`, evesToken)).status, 400);
  assert.equal((await volt.get('/changes?cursor=bm90aGluZw', token)).status, 400);
  await at(clock.now() + 7 * 24 * hour + 1);
  assert.equal((await volt.get(`/changes?cursor=${cursor}`, await volt.give([car], [{ item: 'mileage' }]))).status, 400);
});

test('a thousand events of grants in one moment are told in pages, each once, and then no more', async () => {
  const token = await volt.give([car], [{ item: 'mileage' }]);
  const { cursor } = await read(token);
  const many = 1000;
  await server.storage.withActor(systemActor('test'), async (tx) => {
    await sql`insert into grant_events (grant_no, at, kind, detail)
      select grant_no, now(), 'resumed', jsonb_build_object('kind', 'resumed', 'atMs', n)
      from (select max(grant_no) as grant_no from grants) as newest, generate_series(1, ${many}) as n`.execute(tx);
  });
  const told = await readOn(token, cursor);
  assert.equal(told.items.length, many);
  assert.equal(new Set(told.items.map(({ id }) => id)).size, many);
  assert.deepEqual((await readOn(token, told.cursor)).items, []);
});

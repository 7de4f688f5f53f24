import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DriverTripView } from '@milepost/contract/api';
import { addVehicle, type Sample, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { makeSettableClock } from './testing/settable-clock.ts';

const hourMs = 3_600_000;
const nowMs = Date.now();
const clock = makeSettableClock(nowMs);
let server: TestServer;
let van: TestVehicle;
let car: TestVehicle;

/** Ten minutes there and back, and ten of standing; hard on the brakes twice, a minute apart. */
const driveFrom = (startMs: number): Sample[] =>
  Array.from({ length: 40 }, (_, i): Sample => {
    const isDriven = i > 0 && i < 20;
    const position = {
      'Vehicle.CurrentLocation.Latitude': 48 + Math.max(0, Math.min(i, 20 - i)) * 0.003,
      'Vehicle.CurrentLocation.Longitude': 11,
    };
    const braking = i === 8 || i === 10 ? { 'Vehicle.Acceleration.Longitudinal': -6.5 } : {};
    return { time: startMs + i * 30_000, signals: { 'Vehicle.Speed': isDriven ? 40 : 0, ...position, ...braking } };
  });

const hoursAgo = (hours: number): number => nowMs - hours * hourMs;

before(async () => {
  server = await openTestServer('driver-trips', {}, { clock });
  van = await addVehicle(server, 1, { plate: 'VAN 1' });
  car = await addVehicle(server, 2, { plate: 'CAR 2' });
  for (const hours of [9, 7, 5, 2]) await van.report(driveFrom(hoursAgo(hours)));
  for (const hours of [8, 6, 4, 1]) await car.report(driveFrom(hoursAgo(hours)));
});
after(() => server?.close());

const addDriver = async (name: string): Promise<string> =>
  (await server.ask('createDriver', { body: { name, customer: 'Demo' } })).json.id;

const assign = async (vehicle: TestVehicle, driverId: string, from: number | null, to?: number): Promise<string> => {
  const answer = await server.ask('assignDriver', {
    id: vehicle.id,
    body: { driverId, from, ...(to === undefined ? {} : { to }) },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.id;
};

/** All pages, one after the other. */
const pagesOf = async <T>(name: 'listDriverTrips' | 'listDriverHarshEvents', id: string, limit: number): Promise<T[]> => {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { json, text, status } = await server.ask(name, { id, query: { limit, ...(cursor === undefined ? {} : { cursor }) } });
    assert.equal(status, 200, text);
    assert.ok(json.items.length <= limit);
    items.push(...(json.items as unknown as T[]));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined);
  return items;
};

const shown = (trips: readonly DriverTripView[]): (string | number | null)[][] =>
  trips.map(({ vehicle, start }) => [vehicle.plate, Math.round((nowMs - Date.parse(start)) / hourMs)]);

test('trips of a driver are those of each vehicle while it was theirs, newest first, over any size of page', async () => {
  const ana = await addDriver('Ana');
  const ben = await addDriver('Ben');
  const first = await assign(van, ana, null, hoursAgo(6.5));
  await assign(car, ana, hoursAgo(6.5), hoursAgo(3));
  await assign(van, ben, hoursAgo(6.5), hoursAgo(3));
  await assign(van, ana, hoursAgo(3));
  const all = [
    ['VAN 1', 2],
    ['CAR 2', 4],
    ['CAR 2', 6],
    ['VAN 1', 7],
    ['VAN 1', 9],
  ];
  for (const limit of [1, 2, 3, 50]) assert.deepEqual(shown(await pagesOf('listDriverTrips', ana, limit)), all, `limit ${limit}`);
  assert.deepEqual(shown(await pagesOf('listDriverTrips', ben, 50)), [['VAN 1', 5]]);
  const { json } = await server.ask('listTrips', { id: van.id });
  assert.deepEqual(
    json.items.map(({ driver }) => driver?.name),
    ['Ana', 'Ben', 'Ana', 'Ana'],
  );
  const unassigned = await server.ask('listTrips', { id: car.id });
  assert.deepEqual(
    unassigned.json.items.map(({ driver }) => driver?.name ?? null),
    [null, 'Ana', 'Ana', null],
  );

  const period = { from: new Date(hoursAgo(6.9)).toISOString(), to: new Date(hoursAgo(3.5)).toISOString() };
  const some = await server.ask('listDriverTrips', { id: ana, query: period });
  assert.deepEqual(shown(some.json.items), all.slice(1, 3));

  const corrected = await server.call('PATCH', `/v1/vehicles/${van.id}/drivers/${first}`, { to: hoursAgo(8) });
  assert.equal(corrected.status, 200, corrected.text);
  assert.deepEqual(shown(await pagesOf('listDriverTrips', ana, 2)), [...all.slice(0, 3), all[4]]);
});

test('harsh events of a driver are of the same trips, and each page goes on where the one before ended', async () => {
  const cleo = await addDriver('Cleo');
  await assign(car, cleo, hoursAgo(2));
  const whole = await pagesOf<{ at: string; tripId: string }>('listDriverHarshEvents', cleo, 50);
  assert.equal(whole.length, 2);
  assert.ok((whole[0]?.at ?? '') > (whole[1]?.at ?? ''));
  const [trip] = await pagesOf<DriverTripView>('listDriverTrips', cleo, 50);
  assert.deepEqual(
    whole.map(({ tripId }) => tripId),
    [trip?.id, trip?.id],
  );
  assert.deepEqual(await pagesOf('listDriverHarshEvents', cleo, 1), whole);
});

test('what is asked wrongly is refused, and who never drove has no trips', async () => {
  const dora = await addDriver('Dora');
  const { json } = await server.ask('listDriverTrips', { id: dora });
  assert.deepEqual([json.items, json.next], [[], null]);
  assert.equal((await server.ask('listDriverTrips', { id: dora, query: { cursor: 'x' } })).problem?.field, 'cursor');
  assert.equal((await server.ask('listDriverTrips', { id: 'drv_none' })).status, 404);
});

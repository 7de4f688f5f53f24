import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeCodes } from '@milepost/contract';
import type { VehicleMessage } from '@milepost/contract/stream';
import { addVehicle, type TestVehicle } from '../testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer, cookieOfOperator } from '../testing/open-test-server.ts';
import { type Heard, openStreamClient, type StreamClient } from '../testing/stream-client.ts';

let server: TestServer;
let van: TestVehicle;
const now = Date.now();
const authorization = `Bearer ${operatorToken}`;

before(async () => {
  server = await openTestServer('stream');
  van = await addVehicle(server, 1);
  await van.report([
    {
      time: now - 5000,
      signals: { 'Vehicle.CurrentLocation.Latitude': 52.5, 'Vehicle.CurrentLocation.Longitude': 13.4, 'Vehicle.Speed': 30 },
    },
  ]);
});
after(() => server?.close());

const open = (headers: Record<string, string> = { authorization }): Promise<StreamClient> =>
  openStreamClient(`ws://127.0.0.1:${server.port}/v1/stream`, headers);

const handleOf = ({ messages }: Heard, id: string): number | undefined => {
  for (const message of messages) {
    if (message.type !== 'roster') continue;
    const row = message.vehicles.find(([, known]) => known === id);
    if (row) return row[0];
  }
  return undefined;
};
const vehicleMessages = ({ messages }: Heard): VehicleMessage[] => messages.filter((message) => message.type === 'vehicle');

test('a map is the whole state at once, then what changes each second; the roster joins it with the list', async () => {
  const client = await open();
  client.send({ subscribe: 'map' });
  const full = await client.until(({ frames }) => frames.find((frame) => frame.kind === 'full'));
  const handle = handleOf(client, van.id);
  const entry = full.entries.find((one) => one.handle === handle);
  assert.deepEqual([entry?.latitude, entry?.longitude, entry?.speedKmh, entry?.status], [52.5, 13.4, 30, 'online']);

  const bus = await addVehicle(server, 2);
  await bus.report([
    { time: now - 4000, signals: { 'Vehicle.CurrentLocation.Latitude': 1, 'Vehicle.CurrentLocation.Longitude': 2 } },
  ]);
  await van.report([
    { time: now - 3000, signals: { 'Vehicle.CurrentLocation.Latitude': 52.6, 'Vehicle.CurrentLocation.Longitude': 13.5 } },
  ]);
  const moved = await client.until(({ frames }) =>
    frames.find((frame) => frame.kind === 'delta' && frame.entries.some((one) => one.handle === handle && one.latitude === 52.6)),
  );
  assert.equal(moved.sinceTick, moved.tick - 1);
  const busHandle = await client.until((heard) => handleOf(heard, bus.id));
  await client.until(({ frames }) =>
    frames.find((frame) => frame.entries.some((one) => one.handle === busHandle && one.latitude === 1)),
  );
  const ticks = client.frames.map((frame) => frame.tick);
  assert.deepEqual(
    ticks,
    [...ticks].sort((a, b) => a - b),
    'no tick is repeated or left out',
  );

  client.send({ unsubscribe: 'map' });
  client.socket.close();
  await client.closed;
});

test('all viewers of a map are sent the same frames', async () => {
  const [first, second] = [await open(), await open()];
  first.send({ subscribe: 'map' });
  second.send({ subscribe: 'map' });
  await van.report([{ time: now - 2500, signals: { 'Vehicle.Speed': 77 } }]);
  const has77 = ({ frames }: Heard) => frames.find((frame) => frame.entries.some((entry) => entry.speedKmh === 77));
  const [one, other] = [await first.until(has77), await second.until(has77)];
  assert.deepEqual(one.entries, other.entries);
  first.socket.close();
  second.socket.close();
  await Promise.all([first.closed, second.closed]);
});

test('a watched vehicle: all its values, then only those that changed, then last seen with a heartbeat', async () => {
  const client = await open();
  client.send({ subscribe: 'vehicle', id: van.id });
  const all = await client.until((heard) => vehicleMessages(heard)[0]);
  assert.equal(all.isComplete, true);
  assert.ok(all.latest['Vehicle.Speed'] && all.latest['Vehicle.CurrentLocation.Latitude']);

  await van.report([{ time: now - 2000, signals: { 'Vehicle.Speed': 31 } }]);
  const changed = await client.until((heard) => vehicleMessages(heard)[1]);
  assert.equal(changed.isComplete, false);
  assert.deepEqual(Object.keys(changed.latest), ['Vehicle.Speed']);
  assert.equal(changed.latest['Vehicle.Speed']?.value, 31);

  await van.report([]);
  const beat = await client.until((heard) => vehicleMessages(heard)[2]);
  assert.deepEqual(beat.latest, {});
  assert.ok((beat.lastSeen ?? '') > (changed.lastSeen ?? ''));

  client.send({ unsubscribe: 'vehicle', id: van.id });
  client.socket.close();
  await client.closed;
});

test('many reports within a quarter second are one message', async () => {
  const client = await open();
  client.send({ subscribe: 'vehicle', id: van.id });
  await client.until((heard) => vehicleMessages(heard)[0]);
  const reports = 40;
  for (let i = 0; i < reports; i++) await van.report([{ time: now - 1000 + i, signals: { 'Vehicle.Speed': 40 + i } }]);
  await client.until((heard) =>
    vehicleMessages(heard).find((message) => message.latest['Vehicle.Speed']?.value === 40 + reports - 1),
  );
  assert.ok(vehicleMessages(client).length < reports / 2, `${vehicleMessages(client).length} messages`);
  client.socket.close();
  await client.closed;
});

test('status changes are told as they come', async () => {
  const client = await open();
  client.send({ subscribe: 'map' });
  const late = await addVehicle(server, 3, { plate: 'NEW 3' });
  await late.report([]);
  const change = await client.until(({ messages }) =>
    messages.find((message) => message.type === 'status' && message.changes.some((one) => one.vehicleId === late.id)),
  );
  assert.ok(change.type === 'status');
  assert.deepEqual(
    change.changes.map((one) => [one.plate, one.from, one.to]),
    [['NEW 3', 'never_seen', 'online']],
  );
  client.socket.close();
  await client.closed;
});

test('a vehicle that is not there is a message, too many watched ones too, and nonsense ends the socket', async () => {
  const client = await open();
  client.send({ subscribe: 'vehicle', id: 'veh_nothing' });
  const problem = await client.until(({ messages }) => messages.find((message) => message.type === 'problem'));
  assert.ok(problem.type === 'problem' && problem.code === 'not_found');
  client.send({ subscribe: 'everything' });
  assert.equal(await client.closed, closeCodes.unreadable);
});

test('a stream opens to the operator alone, and to a browser only from our own page', async () => {
  const cookie = await cookieOfOperator(server);
  await assert.rejects(open({}), /status 401/);
  await assert.rejects(open({ authorization: 'Bearer wrong' }), /status 401/);
  await assert.rejects(open({ cookie }), /status 403/);
  await assert.rejects(open({ cookie, origin: 'http://evil.example' }), /status 403/);
  await assert.rejects(open({ authorization, origin: 'http://evil.example' }), /status 403/);
  await assert.rejects(open({ authorization, host: 'evil.example' }), /status 403/);
  const client = await open({ cookie, origin: server.origin });
  assert.ok(server.http.streams.viewers() >= 1);
  const out = await fetch(`${server.origin}/v1/session`, { method: 'DELETE', headers: { cookie, origin: server.origin } });
  assert.equal(out.status, 204);
  assert.equal(await client.closed, closeCodes.revoked, 'a stream ends with the session that it was opened by');
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { warningKinds } from '@milepost/contract';
import { type FleetRoster, fleetRoster, mapFrameType } from '@milepost/contract/api';
import { decodeMapFrame } from '@milepost/contract/stream';
import { Value } from 'typebox/value';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
const vehicles: TestVehicle[] = [];
const now = Date.now();
const minuteMs = 60_000;
const speed = 'Vehicle.Speed';
const latitude = 'Vehicle.CurrentLocation.Latitude';
const longitude = 'Vehicle.CurrentLocation.Longitude';

before(async () => {
  server = await openTestServer('fleet-at');
  for (let i = 1; i <= 5; i++)
    vehicles.push(await addVehicle(server, i, { plate: `P ${i}`, customer: i <= 3 ? 'North' : 'South' }));
  for (const [i, vehicle] of vehicles.entries()) {
    // Once a minute for half an hour, from 40 min ago, some of it told late: of two minutes the later one first.
    for (let minute = 40; minute > 10; minute -= 2) {
      const sample = (ago: number) => ({
        time: now - ago * minuteMs,
        signals: {
          [speed]: ago + i,
          [latitude]: 50 + i,
          [longitude]: 10 + ago / 100,
          'Vehicle.Diagnostics.DTCCount': ago > 20 ? 1 : 0,
        },
      });
      await vehicle.report([sample(minute - 1)]);
      await vehicle.report([sample(minute)]);
    }
  }
});
after(() => server?.close());

const at = (agoMinutes: number): string => new Date(now - agoMinutes * minuteMs).toISOString();

test('the fleet as of a past second, told late or not, from keyframes as from chunks', async () => {
  const fromChunks = await server.ask('readFleetAt', { query: { at: at(24.5), limit: 500 } });
  assert.equal(fromChunks.status, 200, fromChunks.text);
  assert.equal(fromChunks.json.source, 'chunks');
  await server.history.flush();
  await server.history.makeKeyframes();
  const answer = await server.ask('readFleetAt', { query: { at: at(24.5), limit: 500 } });
  assert.deepEqual(answer.json.items, fromChunks.json.items);
  assert.equal(answer.json.items.length, 5);
  const [first] = answer.json.items;
  assert.deepEqual(first, {
    id: vehicles[0]?.id,
    plate: 'P 1',
    vin: first?.vin,
    // It was heard for the first time after that moment.
    status: 'never_seen',
    statusSince: null,
    statusReason: 'none',
    position: { latitude: 50, longitude: 10.25, time: at(25) },
    speedKmh: 25,
    energyPercent: null,
    isCharging: null,
    ignition: null,
    severity: 'warning',
    warnings: ['fault_codes'],
  });
  const latest = await server.ask('readFleetAt', { query: { at: at(0) } });
  assert.deepEqual([latest.json.items[1]?.speedKmh, latest.json.items[1]?.severity], [12, 'none']);
});

test('pages hold each vehicle once; filters are by customer, status and place', async () => {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await server.ask('readFleetAt', {
      query: { at: at(15), limit: 2, ...(cursor === undefined ? {} : { cursor }) },
    });
    ids.push(...json.items.map(({ id }) => id));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined);
  assert.deepEqual(
    ids,
    vehicles.map(({ id }) => id),
  );
  const idsOf = async (query: object): Promise<string[]> => {
    const { json } = await server.ask('readFleetAt', { query: { at: at(15), ...query } });
    return json.items.map(({ id }) => id);
  };
  assert.deepEqual(await idsOf({ customer: 'South' }), [vehicles[3]?.id, vehicles[4]?.id]);
  assert.deepEqual(await idsOf({ bbox: '9,51.5,11,52.5' }), [vehicles[2]?.id]);
  assert.deepEqual(await idsOf({ status: 'offline' }), []);
  assert.equal((await idsOf({ limit: 1, bbox: '9,53.5,11,54.5' })).length, 1);
});

test('a frame holds all vehicles, their ids before it', async () => {
  const response = await fetch(`${server.origin}/v1/fleet?at=${encodeURIComponent(at(24.5))}&format=frame`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), mapFrameType);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const roster = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as FleetRoster;
  assert.ok(Value.Check(fleetRoster, roster), JSON.stringify(roster));
  assert.deepEqual(
    roster.vehicles,
    vehicles.map(({ id }) => id),
  );
  // The newest sample of each is of 25 min ago.
  assert.deepEqual(roster.positionAgesMs, Array(5).fill(minuteMs / 2));
  assert.deepEqual(roster.statusAgesMs, Array(5).fill(null));
  assert.deepEqual(roster.warnings, Array(5).fill(1 << warningKinds.fault_codes.bit));
  assert.deepEqual(roster.goodbyes, []);
  const frame = decodeMapFrame(bytes.slice(4 + length));
  assert.equal(frame.timeMs, now - 24.5 * minuteMs);
  assert.deepEqual(
    frame.entries.map(({ handle, latitude: north, speedKmh, severity }) => [handle, north, speedKmh, severity]),
    [1, 2, 3, 4, 5].map((handle) => [handle, 49 + handle, 24 + handle, 'warning']),
  );
});

test('what was erased is gone from the past at once, and vehicles that had ended are not shown', async () => {
  await server.ask('endVehicle', { id: vehicles[4]?.id as string });
  await server.ask('eraseData', { id: vehicles[3]?.id as string, query: { from: at(30), to: at(20) } });
  // What the server does for each erasure.
  await server.history.setHiding({
    standard: { retentionMs: 365 * 86_400_000 },
    byVehicle: new Map(),
    erased: server.erasures.periods(),
  });
  const { json } = await server.ask('readFleetAt', { query: { at: at(24.5) } });
  assert.deepEqual(
    json.items.map(({ speedKmh, position }) => [speedKmh, position?.time]),
    [
      [25, at(25)],
      [26, at(25)],
      [27, at(25)],
      [34, at(31)],
      [29, at(25)],
    ],
  );
  const { json: later } = await server.ask('readFleetAt', { query: { at: new Date().toISOString() } });
  assert.equal(later.items.length, 4);
});

test('a moment that is not past, and one of which nothing is known', async () => {
  const future = await server.call('GET', `/v1/fleet?at=${Date.now() + 3_600_000}`);
  assert.deepEqual([future.status, future.problem?.code], [400, 'invalid_field']);
  const missing = await server.call('GET', '/v1/fleet');
  assert.equal(missing.status, 400);
  const long = await server.ask('readFleetAt', { query: { at: '2001-01-01' } });
  assert.deepEqual(
    [...new Set(long.json.items.map(({ position, status }) => `${position === null} ${status}`))],
    ['true never_seen'],
  );
  const unknown = await server.call('GET', '/v1/fleet?at=2001-01-01&customer=Nobody');
  assert.equal(unknown.status, 400);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { consentGroups, coreVocabulary } from '@milepost/contract';
import type { RetentionChanges } from '@milepost/contract/api';
import { enforceRetention } from '../app/keep-retention.ts';
import { silentLogger } from '../kernel/index.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice, type Row, type Said } from './testing/recorded-device.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 5, 10, 12);
const clock = makeSettableClock(startMs);
const paths = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'] as const;
/** Days before the start of which every vehicle has a sample. Every second one is in a month of its own. */
const ages = [390, 100, 45, 20, 5, 0];

const said = (age: number): Said => ({
  time: startMs - age * dayMs,
  signals: { [paths[0]]: age % 100, [paths[1]]: 30 + age / 100, [paths[2]]: 20 },
});

let server: TestServer;
let first: RecordedDevice;
let second: RecordedDevice;
let other: RecordedDevice;
let customerId: string;

before(async () => {
  server = await openTestServer('retention', {}, { clock, retentionDays: 400 });
  [first, second, other] = (await addRecordedDevices(server, 3)) as [RecordedDevice, RecordedDevice, RecordedDevice];
  await server.ask('changeVehicle', { id: other.vehicleId, body: { customer: 'Other' } });
  const vehicle = await server.ask('readVehicle', { id: first.vehicleId });
  ({ customerId } = vehicle.json);
  for (const device of [first, second, other]) {
    const { rejected, stored } = await device.sendJson(ages.map(said));
    assert.deepEqual([rejected, stored], [[], ages.length]);
  }
});
after(() => server.close());

/** Ages in days of the rows that have a speed, and of those that have a place, in history, steps, and raw reports. */
const seen = async (device: RecordedDevice): Promise<{ speeds: number[]; places: number[] }> => {
  const rows = await device.history(paths, 0, startMs + dayMs);
  const agesOf = (holds: (row: Row) => boolean): number[] =>
    [...rows].filter(([, row]) => holds(row)).map(([time]) => Math.round((startMs - time) / dayMs));
  const found = { speeds: agesOf(([speed]) => speed !== null), places: agesOf(([, lat, lon]) => lat !== null && lon !== null) };
  assert.ok(
    [...rows.values()].every((row) => row.some((value) => value !== null)),
    'no row is empty',
  );

  const query = { signals: paths.slice(0, 2).join(','), from: '0', to: String(startMs + dayMs), step: 86_400 };
  const { json } = await server.ask('readHistory', { id: device.vehicleId, query });
  assert.ok('stepMs' in json);
  const counted = paths.slice(0, 2).map((path) => json.columns[path]?.count.reduce((sum, count) => sum + count, 0));
  assert.deepEqual(counted, [found.speeds.length, found.places.length], 'steps count the same');

  const { json: raw } = await server.ask('readReports', { id: device.vehicleId, query: { limit: 200 } });
  const samples = raw.items.flatMap((report) => report.samples);
  const inReports = (path: string): number[] =>
    samples
      .filter(({ signals }) => path in signals)
      .map(({ time }) => Math.round((startMs - Date.parse(time)) / dayMs))
      .toSorted((a, b) => b - a);
  assert.deepEqual([...new Set(inReports(paths[0]))], found.speeds, 'raw reports show the same');
  assert.deepEqual([...new Set(inReports(paths[1]))], found.places, 'raw reports show the same');
  return found;
};

const changeCustomer = async (body: RetentionChanges) => {
  const answer = await server.ask('changeCustomerRetention', { id: customerId, body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const changeVehicle = async (device: RecordedDevice, body: RetentionChanges) => {
  const answer = await server.ask('changeRetention', { id: device.vehicleId, body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const enforce = (): Promise<void> =>
  enforceRetention({
    log: server.eventLog,
    history: server.history,
    live: server.live,
    retention: server.retention,
    vocabulary: coreVocabulary,
    isHeld: () => false,
    clock,
    logger: silentLogger,
  });

test('without a rule the server’s holds', async () => {
  for (const device of [first, second, other]) assert.deepEqual(await seen(device), { speeds: ages, places: ages });
  const { json } = await server.ask('readRetention', { id: first.vehicleId });
  const effective = Object.fromEntries(consentGroups.map((group) => [group, { days: 400, by: 'server' }]));
  assert.deepEqual(json, { days: null, groups: {}, effective });
  const { rejected } = await first.sendJson([said(401)]);
  assert.deepEqual(rejected, [{ sample: 0, value: startMs - 401 * dayMs, reason: 'too_old' }]);
});

test('days that are none are refused with field and bounds', async () => {
  for (const [body, field] of [
    [{ days: 0 }, 'days'],
    [{ days: 36_526 }, 'days'],
    [{ groups: { position: 1.5 } }, 'groups'],
    [{ groups: { places: 3 } }, 'groups'],
    [{}, ''],
  ] as const) {
    for (const address of [`/v1/vehicles/${first.vehicleId}/retention`, `/v1/customers/${customerId}/retention`]) {
      const { status, problem } = await server.call('PATCH', address, body);
      assert.equal(status, 400);
      if (field) assert.ok(problem?.field?.startsWith(field), JSON.stringify(problem));
    }
  }
  assert.equal((await server.call('PATCH', '/v1/vehicles/veh_none/retention', { days: 3 })).status, 404);
  assert.equal((await server.call('PATCH', '/v1/customers/cus_none/retention', { days: 3 })).status, 404);
});

test('a customer’s rule for a group: hidden at once for its vehicles, and refused when it comes late', async () => {
  const { effective } = await changeCustomer({ groups: { position: 30 } });
  assert.deepEqual(
    [effective.position, effective.motion],
    [
      { days: 30, by: 'customer' },
      { days: 400, by: 'server' },
    ],
  );
  for (const device of [first, second]) assert.deepEqual(await seen(device), { speeds: ages, places: [20, 5, 0] });
  assert.deepEqual(await seen(other), { speeds: ages, places: ages });

  const late = { ...said(46), time: startMs - 46 * dayMs };
  const tooOld = paths.slice(1).map((path) => `0 ${path} too_old`);
  for (const send of [() => first.sendJson([late]), () => first.sendBinary([late]), () => first.sendLines([late])]) {
    const { rejected, stored } = await send();
    assert.deepEqual(
      [rejected.map(({ sample, signal, reason }) => `${sample} ${signal} ${reason}`).toSorted(), stored],
      [tooOld, 1],
    );
  }
  assert.deepEqual((await other.sendBinary([late])).rejected, []);
  const all = [390, 100, 46, 45, 20, 5, 0];
  assert.deepEqual(
    [await seen(first), await seen(other)],
    [
      { speeds: all, places: [20, 5, 0] },
      { speeds: all, places: all },
    ],
  );
});

test('a vehicle’s own rule for everything: the whole sample is too old', async () => {
  const { days, effective } = await changeVehicle(second, { days: 10 });
  assert.deepEqual([days, effective.position, effective.energy], [10, { days: 10, by: 'vehicle' }, { days: 10, by: 'vehicle' }]);
  assert.deepEqual(await seen(second), { speeds: [5, 0], places: [5, 0] });
  for (const send of [() => second.sendJson([said(20)]), () => second.sendBinary([said(20)])]) {
    const { rejected, stored } = await send();
    assert.deepEqual([rejected, stored], [[{ sample: 0, value: startMs - 20 * dayMs, reason: 'too_old' }], 0]);
  }
  assert.deepEqual((await seen(first)).places, [20, 5, 0], 'of the same customer');
});

test('a longer rule shows again what no merge has removed, and nothing of what one has', async () => {
  await changeVehicle(second, { days: null });
  assert.deepEqual((await seen(second)).speeds, ages, 'nothing was merged yet');
  await changeVehicle(second, { days: 10 });
  await mergeEverything(server.history, clock);
  // The vehicle’s samples of ended months that are older than ten days are gone; of this one they are hidden.
  await changeVehicle(second, { days: 5000 });
  await changeCustomer({ groups: { position: null } });
  assert.deepEqual(await seenInHistory(second), { speeds: [5, 0], places: [5, 0] });
  assert.deepEqual(await seenInHistory(first), { speeds: [390, 100, 46, 45, 20, 5, 0], places: [20, 5, 0] });
  assert.deepEqual(await seenInHistory(other), { speeds: [390, 100, 46, 45, 20, 5, 0], places: [390, 100, 46, 45, 20, 5, 0] });
});

/** History alone: the log keeps raw reports for as long as it keeps any. */
const seenInHistory = async (device: RecordedDevice): Promise<{ speeds: number[]; places: number[] }> => {
  const rows = [...(await device.history(paths, 0, startMs + dayMs))];
  const agesOf = (index: number): number[] =>
    rows.filter(([, row]) => row[index] !== null).map(([time]) => Math.round((startMs - time) / dayMs));
  return { speeds: agesOf(0), places: agesOf(1) };
};

test('a month goes as a file when it is too old for the longest rule of all, and not before', async () => {
  await changeVehicle(second, { days: null });
  const chunksAt = async (afterDays: number): Promise<number> => {
    clock.set(startMs + afterDays * dayMs);
    await enforce();
    return server.history.statistics().storedChunks;
  };
  await server.history.flush();
  const chunks = await chunksAt(0);
  // The oldest samples are of May 2025, 390 days before.
  const otherCustomer = (await server.ask('readVehicle', { id: other.vehicleId })).json.customerId;
  await server.ask('changeCustomerRetention', { id: otherCustomer, body: { groups: { motion: 500 } } });
  assert.equal(server.retention.longestMs(), 500 * dayMs);
  assert.equal(await chunksAt(60), chunks, 'kept for one group of one customer');
  assert.deepEqual((await seenInHistory(other)).speeds.slice(0, 1), [390]);
  assert.deepEqual((await seenInHistory(other)).places.slice(0, 1), [100], 'its other groups are hidden');
  assert.deepEqual((await seenInHistory(first)).speeds.slice(0, 1), [100], 'hidden of the other customer’s vehicles');
  await server.ask('changeCustomerRetention', { id: otherCustomer, body: { groups: { motion: null } } });
  assert.ok((await chunksAt(60)) < chunks, 'nobody keeps it any more');
  await server.ask('changeCustomerRetention', { id: otherCustomer, body: { days: 36_525 } });
  assert.deepEqual((await seenInHistory(other)).speeds.slice(0, 1), [100], 'a longer rule does not bring it back');
  await server.ask('changeCustomerRetention', { id: otherCustomer, body: { days: null } });
});

test('the latest value of a vehicle that has been silent goes when its group is kept no longer', async () => {
  clock.set(startMs);
  const latestOf = async (): Promise<string[]> =>
    Object.keys((await server.ask('readVehicle', { id: first.vehicleId })).json.latest).toSorted();
  assert.deepEqual(await latestOf(), [...paths].toSorted());
  clock.set(startMs + 8 * dayMs);
  await changeVehicle(first, { groups: { position: 7 } });
  assert.deepEqual(await latestOf(), ['Vehicle.Speed']);
  assert.equal((await server.ask('readVehicle', { id: first.vehicleId })).json.position, null);
  clock.set(startMs + 401 * dayMs);
  await enforce();
  assert.deepEqual(await latestOf(), []);
});

test('the status timeline is kept as its group is', async () => {
  clock.set(startMs + 500 * dayMs);
  await other.sendJson([]);
  server.live.tick(clock.now() + dayMs);
  server.history.applyStatus(server.live.takeStatusChanges());
  clock.set(startMs + 510 * dayMs);
  const timeline = async (): Promise<number> =>
    (await server.ask('readVehicleStatus', { id: other.vehicleId })).json.items.length;
  assert.ok((await timeline()) > 0);
  await changeVehicle(other, { groups: { status: 3 } });
  assert.equal(await timeline(), 0);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, RecordedDevice, type Said } from './testing/recorded-device.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';

// A device that was moved from one vehicle to another, and reports of the time before only afterwards.

const nowMs = Date.UTC(2026, 10, 20, 12);
const movedMs = nowMs - 3_600_000;
const clock = makeSettableClock(nowMs);
const speed = 'Vehicle.Speed';

let server: TestServer;
let before1: RecordedDevice;
let after1: RecordedDevice;

const said = (afterMoveS: number, kmh: number): Said => ({ time: movedMs + afterMoveS * 1000, signals: { [speed]: kmh } });
const rowsOf = async (device: RecordedDevice): Promise<(number | null | undefined)[][]> =>
  [...(await device.history([speed], 0, nowMs + 1))].map(([time, [kmh]]) => [(time - movedMs) / 1000, kmh]);

before(async () => {
  server = await openTestServer('late_samples', {}, { clock });
  [before1, after1] = (await addRecordedDevices(server, 2)) as [RecordedDevice, RecordedDevice];
  await before1.sendJson([said(-600, 10)]);
  const { json } = await server.ask('readVehicle', { id: before1.vehicleId });
  const body = { vehicleId: after1.vehicleId, from: movedMs };
  const moved = await server.ask('assignDevice', { id: json.devices[0]?.id ?? '', body });
  assert.equal(moved.status, 201, moved.text);
});
after(() => server.close());

test('each late sample goes to the vehicle of its time, once, however often and in whatever form it comes', async () => {
  const report = [said(-300, 20), said(-1, 30), said(0, 40), said(300, 50)];
  for (const send of [() => before1.sendJson(report), () => before1.sendBinary(report), () => before1.sendLines(report)]) {
    const { rejected, stored } = await send();
    assert.deepEqual([rejected, stored], [[], report.length]);
  }
  const check = async (): Promise<void> => {
    assert.deepEqual(await rowsOf(before1), [
      [-600, 10],
      [-300, 20],
      [-1, 30],
    ]);
    assert.deepEqual(await rowsOf(after1), [
      [0, 40],
      [300, 50],
    ]);
  };
  await check();
  await mergeEverything(server.history, clock);
  await check();
  assert.equal(server.history.statistics().conflictsAtMerge, 0);
});

test('another value for a late sample is a conflict on its own vehicle alone', async () => {
  const first = await before1.sendJson([said(-200, 60), said(200, 61)]);
  assert.equal(first.stored, 2);
  const second = await before1.sendBinary([said(-200, 70), said(200, 61)]);
  assert.deepEqual(
    second.rejected.map(({ sample, signal, reason }) => [sample, signal, reason]),
    [[0, speed, 'conflict']],
  );
  assert.equal(second.stored, 1);
  assert.deepEqual((await rowsOf(before1)).at(-2), [-200, 60]);
});

test('after the flush another value is taken, counted at the merge, and the first stays', async () => {
  await server.history.flush();
  const counted = server.history.statistics().conflictsAtMerge;
  const { rejected } = await before1.sendJson([said(-200, 99)]);
  assert.deepEqual(rejected, [], 'nobody looks into chunks before a report is answered');
  await mergeEverything(server.history, clock);
  assert.deepEqual((await rowsOf(before1)).at(-2), [-200, 60]);
  assert.equal(server.history.statistics().conflictsAtMerge, counted + 1);
});

test('before the first assignment, where it says from when, nothing is taken', async () => {
  const vehicle = await server.ask('createVehicle', { body: { vin: 'WVWZZZ1JZ00000077', customer: 'Recorded' } });
  const imei = '353000000000077';
  const body = { imei, vehicleId: vehicle.json.id, from: movedMs };
  const device = await server.ask('createDevice', { body });
  const late = new RecordedDevice(server, vehicle.json.id, { imei, secret: device.json.secret });
  const { rejected, stored } = await late.sendJson([said(-1, 1), said(0, 2)]);
  assert.deepEqual([rejected, stored], [[{ sample: 0, value: movedMs - 1000, reason: 'not_assigned' }], 1]);
});

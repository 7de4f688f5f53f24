import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { wellKnown, coreVocabulary } from '@milepost/contract';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';

let server: TestServer;
let fleet: TestVehicle[];
const batteryPath = coreVocabulary.byNumber(wellKnown.deviceBatteryVoltage)?.path ?? '';

/** Four vehicles: one fell silent, one with a low battery, one is online, one was never seen. */
before(async () => {
  server = await openTestServer('connections');
  fleet = [];
  for (const [n, customer] of ['Atlas', 'Atlas', 'Demo', 'Demo'].entries())
    fleet.push(await addVehicle(server, n + 1, { plate: `VAN ${n + 1}`, customer }));
  await fleet[0]?.report([{ time: Date.now(), signals: { 'Vehicle.Speed': 3 } }]);
  await fleet[1]?.report([{ time: Date.now(), signals: { [batteryPath]: 3.2 } }]);
  server.live.tick(Date.now() + 3_600_000);
  server.history.applyStatus(server.live.takeStatusChanges());
  await fleet[2]?.report([{ time: Date.now(), signals: { 'Vehicle.Speed': 3 } }]);
});
after(() => server?.close());

test('who is silent for a reason is found, and reasons are counted, by customer too', async () => {
  const of = async (reason: 'silent' | 'device_battery_low' | 'goodbye') =>
    (await server.ask('listVehicles', { query: { reason } })).json.items.map(({ plate, status }) => `${plate} ${status}`);
  assert.deepEqual(await of('silent'), ['VAN 1 offline']);
  assert.deepEqual(await of('device_battery_low'), ['VAN 2 offline']);
  assert.deepEqual(await of('goodbye'), []);
  const { json } = await server.ask('countVehicles', { query: { by: 'customer' } });
  const none = { silent: 0, goodbye: 0, token_expired: 0, revoked: 0, device_battery_low: 0, server_down: 0 };
  assert.deepEqual(json.byReason, { ...none, silent: 1, device_battery_low: 1 });
  assert.deepEqual(
    json.parts?.map(({ name, byReason }) => [name, byReason.silent]),
    [
      ['Atlas', 1],
      ['Demo', 0],
    ],
  );
});

test('changes are searched by reason, and all of them are there as CSV', async () => {
  const { json } = await server.ask('listStatusChanges', { query: { reason: 'device_battery_low' } });
  assert.deepEqual(
    json.items.map(({ plate, to, reason }) => [plate, to, reason]),
    [
      ['VAN 2', 'offline', 'device_battery_low'],
      ['VAN 2', 'late', 'device_battery_low'],
    ],
  );
  const one = await server.ask('readVehicleStatus', { id: fleet[0]?.id ?? '', query: { reason: 'silent', status: 'late' } });
  assert.equal(one.json.items.length, 1);
  const byVehicle = await server.ask('listStatusChanges', { query: { vehicle: fleet[1]?.id ?? '' } });
  assert.deepEqual(new Set(byVehicle.json.items.map(({ plate }) => plate)), new Set(['VAN 2']));
  assert.equal((await server.ask('listStatusChanges', { query: { vehicle: 'veh_none' } })).status, 404);
  const csv = await server.ask('listStatusChanges', { query: { format: 'csv', customer: 'Atlas', status: 'offline' } });
  const [head, ...rows] = csv.text.trimEnd().split('\r\n');
  assert.equal(head, 'at,from,to,reason,plate,vin,customer,vehicleId');
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(1, 5)).sort((a, b) => (a[3] ?? '').localeCompare(b[3] ?? '')),
    [
      ['late', 'offline', 'silent', 'VAN 1'],
      ['late', 'offline', 'device_battery_low', 'VAN 2'],
    ],
  );
  assert.equal((await server.ask('listStatusChanges', { query: { format: 'csv', customer: 'Nobody' } })).status, 400);
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DeviceClient, type DeviceClientOptions, type Form, type ReportVerdict, type Way } from '@milepost/sdk';
import { type DeviceMqtt, listenDeviceMqtt } from '../protocols/index.ts';
import { silentLogger, systemClock } from '../kernel/index.ts';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';

const startMs = Date.now() - 600_000;
const waitMaxMs = 10_000;

let server: TestServer;
let mqtt: DeviceMqtt;
let mqttServer: string;
let folder: string;
let made = 0;

before(async () => {
  server = await openTestServer('device_client');
  mqtt = listenDeviceMqtt({ gate: server.gate, clock: systemClock, logger: silentLogger });
  mqttServer = `mqtt://127.0.0.1:${await mqtt.listen('127.0.0.1', 0)}`;
  folder = await mkdtemp(join(tmpdir(), 'device-client-'));
});
after(async () => {
  await mqtt.close();
  await server.close();
  await rm(folder, { recursive: true });
});

interface Login {
  readonly vehicleId: string;
  readonly imei: string;
  readonly secret: string;
}

const addDevice = async (): Promise<Login> => {
  const number = ++made;
  const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
  const vehicle = await server.ask('createVehicle', { body: { vin, customer: 'Demo' } });
  const imei = String(350_000_000_000_000 + number);
  const device = await server.ask('createDevice', { body: { imei, vehicleId: vehicle.json.id } });
  return { vehicleId: vehicle.json.id, imei, secret: device.json.secret };
};

const clientOf = ({ imei, secret }: Login, options: Partial<DeviceClientOptions>): DeviceClient =>
  new DeviceClient({ server: server.origin, mqttServer, imei, secret, ...options });

const untilAllAcknowledged = async (client: DeviceClient): Promise<void> => {
  const end = Date.now() + waitMaxMs;
  while (client.unacknowledged > 0) {
    assert.ok(Date.now() < end, `${client.unacknowledged} reports are not acknowledged, ${client.state}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const sample = (i: number) => ({ time: startMs + i * 1000, signals: { 'Vehicle.Speed': i, 'Vehicle.IsMoving': i % 2 === 0 } });

const speeds = async (vehicleId: string): Promise<number[]> => {
  const query = `signals=Vehicle.Speed&from=${startMs}&to=${startMs + 600_000}`;
  const answer = await server.call('GET', `/v1/vehicles/${vehicleId}/history?${query}`);
  return (JSON.parse(answer.text) as { columns: Record<string, number[]> }).columns['Vehicle.Speed'] ?? [];
};

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

for (const way of ['websocket', 'http', 'mqtt'] satisfies Way[]) {
  for (const form of ['json', 'binary'] satisfies Form[]) {
    test(`by ${way}, as ${form}: what a device sends is stored, once, and what it kept while it was off comes first`, async () => {
      const login = await addDevice();
      const kept = join(folder, `${way}-${form}`);
      const first = clientOf(login, { way, form, folder: kept });
      for (const i of numbers(20)) assert.ok(first.send([sample(i)]).ok);
      // Never connected, and gone without a word. The next start finds what it left.
      const second = clientOf(login, { way, form, folder: kept });
      assert.equal(second.unacknowledged, 20);
      for (const i of numbers(10)) assert.ok(second.send([sample(20 + 2 * i), sample(21 + 2 * i)]).ok);
      second.start();
      await untilAllAcknowledged(second);
      assert.deepEqual(await speeds(login.vehicleId), numbers(40));
      assert.equal(await second.goodbye(), 0);
      const third = clientOf(login, { way, form, folder: kept });
      assert.equal(third.unacknowledged, 0);
      await third.goodbye();
    });
  }
}

test('by MQTT a client that kept more than the server takes at once sends the rest as it is acknowledged', async () => {
  const login = await addDevice();
  const client = clientOf(login, { way: 'mqtt', form: 'binary', reportsBufferedMax: 4000 });
  for (const i of numbers(3000)) assert.ok(client.send([{ ...sample(i % 400), time: startMs + i }]).ok);
  client.start();
  await untilAllAcknowledged(client);
  assert.equal((await speeds(login.vehicleId)).length, 3000);
  assert.equal(server.gate.sessions(), 1, 'on its first connection');
  await client.goodbye();
});

test('a rejection by HTTP names report and reason, as on a socket', async () => {
  const verdicts: ReportVerdict[] = [];
  const client = clientOf(await addDevice(), { way: 'http', boot: 3, onVerdict: (verdict) => verdicts.push(verdict) });
  client.start();
  client.send([{ time: startMs, signals: { 'Vehicle.Speed': 5000 } }]);
  await untilAllAcknowledged(client);
  await client.goodbye();
  assert.deepEqual(
    verdicts.map(({ boot, seq, rejected }) => ({ boot, seq, rejected })),
    [{ boot: 3, seq: 1, rejected: [{ sample: 0, signal: 'Vehicle.Speed', value: 5000, reason: 'out_of_bounds' }] }],
  );
});

test('the binary form says at once what it cannot carry, and uses up no seq', async () => {
  const client = clientOf(await addDevice(), { form: 'binary' });
  const refused = (value: number | string, path = 'Vehicle.Speed') =>
    client.send([{ time: startMs, signals: { [path]: value } }]);
  assert.deepEqual(refused(5000), { ok: false, reason: 'invalid_value', detail: 'Vehicle.Speed is 5000: out_of_bounds' });
  assert.deepEqual(refused(1, 'Vehicle.Nothing'), {
    ok: false,
    reason: 'invalid_value',
    detail: 'the vocabulary has no signal Vehicle.Nothing',
  });
  const taken = refused(50);
  assert.ok(taken.ok && taken.report.seq === 1);
  await client.goodbye();
});

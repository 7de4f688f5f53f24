import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { coreSignal } from '@milepost/contract';
import { ByteWriter, ReportBuilder } from '@milepost/contract/report';
import fc from 'fast-check';
import mqtt, { type IClientOptions, type IDisconnectPacket, type MqttClient } from 'mqtt';
import { generate } from 'mqtt-packet';
import { openTestServer, type TestServer } from '../../http/testing/open-test-server.ts';
import { makeManualClock, silentLogger, systemClock } from '../../kernel/index.ts';
import { mqttLimits } from '../limits.ts';
import { type DeviceMqtt, listenDeviceMqtt } from './listen-mqtt.ts';
import { reasons } from './mqtt-rules.ts';

const startMs = Date.now() - 600_000;
const waitMaxMs = 10_000;
const versions = [4, 5] as const;

let server: TestServer;
let listener: DeviceMqtt;
let port: number;
let made = 0;
const clients = new Set<MqttClient>();

before(async () => {
  server = await openTestServer('mqtt');
  listener = listenDeviceMqtt({ gate: server.gate, clock: systemClock, logger: silentLogger });
  port = await listener.listen('127.0.0.1', 0);
});
after(async () => {
  for (const client of clients) client.end(true);
  await listener.close();
  await server.close();
});

interface TestDevice {
  readonly imei: string;
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly token: string;
}

const addDevice = async (): Promise<TestDevice> => {
  const number = ++made;
  const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
  const vehicle = await server.ask('createVehicle', { body: { vin, customer: 'Demo' } });
  const imei = String(350_000_000_000_000 + number);
  const device = await server.ask('createDevice', { body: { imei, vehicleId: vehicle.json.id } });
  const login = await server.ask('login', { body: { imei, secret: device.json.secret } });
  return { imei, vehicleId: vehicle.json.id, deviceId: device.json.id, token: login.json.token };
};

const connect = async (
  { imei, token }: Pick<TestDevice, 'imei' | 'token'>,
  options: IClientOptions = {},
): Promise<MqttClient> => {
  const client = mqtt.connect({
    host: '127.0.0.1',
    port,
    username: imei,
    password: token,
    reconnectPeriod: 0,
    clientId: `client-${Math.random()}`,
    ...options,
  });
  clients.add(client);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  });
  client.on('error', () => {});
  return client;
};

const closing = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once('close', () => resolve()));

const telemetry = (imei: string): string => `milepost/v1/${imei}/telemetry`;
const report = (seq: number, kmh: unknown = seq % 200): string =>
  JSON.stringify({ boot: 1, seq, samples: [{ time: startMs + seq, signals: { 'Vehicle.Speed': kmh } }] });
const publish = (client: MqttClient, topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1) =>
  client.publishAsync(topic, payload, { qos });

const storedSpeeds = async (vehicleId: string): Promise<number[]> => {
  const query = `signals=Vehicle.Speed&from=${startMs}&to=${startMs + 100_000}`;
  const answer = await server.call('GET', `/v1/vehicles/${vehicleId}/history?${query}`);
  return (JSON.parse(answer.text) as { columns: Record<string, number[]> }).columns['Vehicle.Speed'] ?? [];
};

const until = async (isTrue: () => boolean, what: string): Promise<void> => {
  const end = performance.now() + waitMaxMs;
  while (!isTrue()) {
    assert.ok(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const frameOf = (seq: number, stored: number): Buffer => {
  const builder = new ReportBuilder();
  builder.addSample(startMs + seq);
  builder.addValue(coreSignal('Vehicle.Speed').number, stored);
  const out = new ByteWriter();
  for (const byte of [1, 1, seq]) out.byte(byte);
  builder.encode(out);
  return Buffer.from(out.toBytes());
};

for (const protocolVersion of versions) {
  const name = protocolVersion === 4 ? '3.1.1' : '5';

  test(`MQTT ${name}: a PUBACK says that the report is stored, JSON and binary alike, however many are on their way`, async () => {
    const device = await addDevice();
    const client = await connect(device, { protocolVersion });
    const sent = Array.from({ length: 500 }, (_, i) => publish(client, telemetry(device.imei), report(i + 1)));
    await Promise.all(sent);
    assert.equal((await storedSpeeds(device.vehicleId)).length, 500);
    const other = await addDevice();
    const second = await connect(other, { protocolVersion });
    await publish(second, telemetry(other.imei), frameOf(1, 770));
    assert.deepEqual(await storedSpeeds(other.vehicleId), [7.7]);
    // QoS 0 has no answer: it is there when the next one is.
    await publish(second, telemetry(other.imei), report(2, 8), 0);
    await publish(second, telemetry(other.imei), report(3, 9));
    assert.deepEqual(await storedSpeeds(other.vehicleId), [7.7, 8, 9]);
    await client.endAsync();
    await second.endAsync();
  });

  test(`MQTT ${name}: acknowledgements and rejections are heard on the device's own topic`, async () => {
    const device = await addDevice();
    const client = await connect(device, { protocolVersion });
    const heard: { ack?: number; seq?: number; error?: { code: string }; rejected?: { reason: string }[] }[] = [];
    client.on('message', (topic, payload) => {
      assert.equal(topic, `milepost/v1/${device.imei}/ack`);
      heard.push(JSON.parse(payload.toString('utf8')) as (typeof heard)[number]);
    });
    const [granted] = await client.subscribeAsync(`milepost/v1/${device.imei}/ack`, { qos: 1 });
    assert.equal(granted?.qos, 0);
    await publish(client, telemetry(device.imei), report(7, 'fast'));
    await until(() => heard.some(({ ack }) => ack === 7), 'acknowledged');
    assert.deepEqual(
      heard[0]?.rejected?.map(({ reason }) => reason),
      ['wrong_type'],
    );
    await publish(client, telemetry(device.imei), 'no report');
    await until(() => heard.some(({ error }) => error?.code === 'bad_request'), 'named');
    await client.subscribeAsync(`milepost/v1/${device.imei}/command`, { qos: 1 });
    await client.endAsync();
  });

  test(`MQTT ${name}: who is not the device does not come in, and nobody speaks or hears for another`, async () => {
    const [device, other] = [await addDevice(), await addDevice()];
    const refusal = protocolVersion === 5 ? reasons.badCredentials : 4;
    const refused = async (login: { imei: string; token: string }): Promise<void> => {
      await assert.rejects(connect(login, { protocolVersion }), (error: { code?: number }) => error.code === refusal);
    };
    await refused({ imei: device.imei, token: 'rubbish' });
    await refused({ imei: device.imei, token: other.token });
    await refused({ imei: 'nobody', token: device.token });

    for (const topic of [telemetry(other.imei), 'milepost/v1/+/telemetry', 'other']) {
      const client = await connect(device, { protocolVersion });
      const said: IDisconnectPacket[] = [];
      client.on('disconnect', (packet) => said.push(packet));
      if (topic.includes('+')) await assert.rejects(client.subscribeAsync(topic, { qos: 0 }));
      else {
        const closed = closing(client);
        client.publish(topic, report(1), { qos: 1 });
        await closed;
        if (protocolVersion === 5) assert.equal(said[0]?.reasonCode, reasons.notAuthorized);
      }
      client.end(true);
    }
    assert.deepEqual(await storedSpeeds(other.vehicleId), []);
  });

  test(`MQTT ${name}: a revoked device is cut at once; a newer connection of the same client ends the older`, async () => {
    const device = await addDevice();
    const first = await connect(device, { protocolVersion, clientId: 'same' });
    const firstClosed = closing(first);
    const second = await connect(device, { protocolVersion, clientId: 'same' });
    await firstClosed;
    await publish(second, telemetry(device.imei), report(1));
    const closed = closing(second);
    const revokedAt = performance.now();
    await server.call('DELETE', `/v1/devices/${device.deviceId}`);
    await closed;
    assert.ok(performance.now() - revokedAt < 1000);
  });
}

test('QoS 2, retained messages and topic aliases are refused by name', async () => {
  const device = await addDevice();
  const cases = [
    [{ qos: 2 as const }, reasons.qosNotSupported],
    [{ qos: 1 as const, retain: true }, reasons.retainNotSupported],
  ] as const;
  for (const [options, reason] of cases) {
    const client = await connect(device, { protocolVersion: 5 });
    const said: IDisconnectPacket[] = [];
    client.on('disconnect', (packet) => said.push(packet));
    const closed = closing(client);
    // The library keeps to what CONNACK said and would not send it: written past it.
    const packet = {
      cmd: 'publish',
      topic: telemetry(device.imei),
      payload: report(1),
      dup: false,
      retain: false,
      messageId: 1,
      ...options,
    } as const;
    client.stream.write(generate(packet, { protocolVersion: 5 }));
    await closed;
    assert.equal(said[0]?.reasonCode, reason);
  }
});

test('a goodbye is told from a connection that breaks', async () => {
  const device = await addDevice();
  const client = await connect(device, { protocolVersion: 5 });
  await publish(client, telemetry(device.imei), report(1));
  await client.endAsync();
  const events = async (): Promise<(string | undefined)[]> => {
    const answer = await server.call('GET', `/v1/vehicles/${device.vehicleId}/reports?limit=10`);
    const { items } = JSON.parse(answer.text) as { items: { kind: string; event?: string }[] };
    return items.filter(({ kind }) => kind === 'connection').map(({ event }) => event);
  };
  let seen = await events();
  for (let tries = 0; seen[0] !== 'goodbye' && tries < 100; tries++) seen = await events();
  assert.deepEqual(seen, ['goodbye', 'opened']);
});

test('a silent connection is ended: before CONNECT, and after one and a half times its keep alive', async () => {
  const clock = makeManualClock(Date.now());
  const own = listenDeviceMqtt({ gate: server.gate, clock, logger: silentLogger });
  const ownPort = await own.listen('127.0.0.1', 0);
  const mute = net.connect(ownPort, '127.0.0.1');
  const muteClosed = once(mute, 'close');
  await until(() => own.connections() === 1, 'connected');
  clock.advance(mqttLimits.connectTimeoutMs - 1);
  assert.equal(own.connections(), 1);
  clock.advance(2000);
  await muteClosed;

  const device = await addDevice();
  const { token, imei } = device;
  const connected = generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: 'x',
    keepalive: 10,
    username: imei,
    password: Buffer.from(token),
  });
  const quiet = net.connect(ownPort, '127.0.0.1');
  quiet.write(connected);
  const [connack] = (await once(quiet, 'data')) as [Buffer];
  assert.deepEqual([...connack], [0x20, 2, 0, 0]);
  const quietClosed = once(quiet, 'close');
  clock.advance(14_000);
  quiet.write(generate({ cmd: 'pingreq' }));
  assert.deepEqual([...((await once(quiet, 'data')) as [Buffer])[0]], [0xd0, 0]);
  clock.advance(14_000);
  assert.equal(own.connections(), 1);
  clock.advance(3000);
  await quietClosed;
  await own.close();
});

test('a packet that says it is too large is refused before it is waited for', async () => {
  const socket = net.connect(port, '127.0.0.1');
  const closed = once(socket, 'close');
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
  await closed;
});

test('bytes of any kind close the connection at most, and the next device is served', async () => {
  const { imei, token } = await addDevice();
  const good = [
    generate(
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clean: true,
        clientId: 'x',
        keepalive: 10,
        username: imei,
        password: Buffer.from(token),
      },
      { protocolVersion: 5 },
    ),
    generate(
      { cmd: 'publish', topic: telemetry(imei), payload: report(1), qos: 1, dup: false, retain: false, messageId: 1 },
      { protocolVersion: 5 },
    ),
  ];
  const mutated = fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => {
    const bytes = Buffer.concat(good);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), async (bytes) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      socket.resume();
      socket.end(bytes);
      await closed;
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 150) },
  );
  const device = await addDevice();
  const client = await connect(device, { protocolVersion: 5 });
  await publish(client, telemetry(device.imei), report(1));
  await client.endAsync();
});

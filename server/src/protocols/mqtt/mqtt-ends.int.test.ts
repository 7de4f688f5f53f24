import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { generate, type Packet, parser } from 'mqtt-packet';
import { openTestServer, type TestServer } from '../../http/testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice } from '../../http/testing/recorded-device.ts';
import { makeSettableClock } from '../../http/testing/settable-clock.ts';
import { silentLogger } from '../../kernel/index.ts';
import { mqttLimits } from '../limits.ts';
import { type DeviceMqtt, listenDeviceMqtt } from './listen-mqtt.ts';
import { type MqttVersion, reasons } from './mqtt-rules.ts';

// How the server ends a connection, and when: MQTT 5 is told the reason, 3.1.1 has no word for it.

const startMs = Date.UTC(2026, 10, 20, 12);
const tokenLifetimeMs = 600_000;
const clock = makeSettableClock(startMs);
const versions = [4, 5] as const;

let server: TestServer;
/** Its log takes nothing: the disk has no room beyond the reserve. */
let full: TestServer;
let fullDevice: RecordedDevice | undefined;
let listener: DeviceMqtt;
let port: number;
let devices: RecordedDevice[];
let taken = 0;

before(async () => {
  server = await openTestServer('mqtt_ends', {}, { clock, tokenLifetimeMs });
  devices = await addRecordedDevices(server, 20);
  listener = listenDeviceMqtt({ gate: server.gate, clock, logger: silentLogger });
  port = await listener.listen('127.0.0.1', 0);
  full = await openTestServer('mqtt_full', {}, { clock, logLimits: { diskReserveBytes: Number.MAX_SAFE_INTEGER } });
  [fullDevice] = await addRecordedDevices(full, 1);
});
after(async () => {
  await listener.close();
  await server.close();
  await full.close();
});

interface Client {
  readonly device: RecordedDevice;
  readonly socket: net.Socket;
  readonly heard: Packet[];
  readonly closed: Promise<unknown>;
  readonly send: (...packets: readonly Packet[]) => void;
  readonly until: <T>(find: (heard: readonly Packet[]) => T | undefined) => Promise<T>;
}

const connect = async (version: MqttVersion, at = port, device = devices[taken++] as RecordedDevice): Promise<Client> => {
  const socket = net.connect(at, '127.0.0.1');
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  const heard: Packet[] = [];
  const looks = new Set<() => void>();
  const read = parser({ protocolVersion: version });
  read.on('packet', (packet) => {
    heard.push(packet);
    for (const look of looks) look();
  });
  socket.on('data', (data: Buffer) => read.parse(data));
  const client: Client = {
    device,
    socket,
    heard,
    closed,
    send: (...packets) => socket.write(Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion: version })))),
    until: (find) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = find(heard);
          if (found === undefined) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
      }),
  };
  const password = Buffer.from(await device.login());
  const common = { cmd: 'connect', protocolId: 'MQTT', clean: true, clientId: `c${taken}`, keepalive: 600 } as const;
  client.send({ ...common, protocolVersion: version, username: device.imei, password });
  await client.until((all) => all.find(({ cmd }) => cmd === 'connack'));
  return client;
};

const publish = ({ device }: Client, messageId: number, payload: object, qos: 0 | 1 = 1): Packet => ({
  cmd: 'publish',
  topic: `milepost/v1/${device.imei}/telemetry`,
  payload: JSON.stringify(payload),
  qos,
  dup: false,
  retain: false,
  messageId,
});
const report = (seq: number): object => ({
  boot: 1,
  seq,
  samples: [{ time: startMs - 60_000 + seq, signals: { 'Vehicle.Speed': seq % 200 } }],
});
const acknowledged = (client: Client, messageId: number) =>
  client.until((heard) => heard.find((packet) => packet.cmd === 'puback' && packet.messageId === messageId));

/** Ended by the server: with the reason, where the version has reasons. */
const isEnded = async (client: Client, version: MqttVersion, reasonCode: number): Promise<void> => {
  await client.closed;
  const said = client.heard.filter((packet) => packet.cmd === 'disconnect').map((packet) => packet.reasonCode);
  assert.deepEqual(said, version === 5 ? [reasonCode] : []);
};

for (const version of versions) {
  const name = version === 4 ? '3.1.1' : '5';

  test(`MQTT ${name}: at token expiry the connection ends (0x87), unless the token was renewed on it`, {
    timeout: 300_000,
  }, async () => {
    clock.set(startMs);
    const [old, renewed] = [await connect(version), await connect(version)];
    const stranger = devices[taken++] as RecordedDevice;
    renewed.send({
      cmd: 'subscribe',
      subscriptions: [{ topic: `milepost/v1/${renewed.device.imei}/ack`, qos: 0 }],
      messageId: 1,
    });
    const hears = (what: string) =>
      renewed.until((heard) => heard.find((packet) => packet.cmd === 'publish' && packet.payload.toString().includes(what)));
    renewed.send(publish(renewed, 2, { token: await stranger.login() }));
    await hears('"forbidden"');
    clock.set(startMs + tokenLifetimeMs / 2);
    renewed.send(publish(renewed, 3, { token: await renewed.device.login() }));
    await hears('tokenExpiresAt');
    await acknowledged(renewed, 3);

    clock.set(startMs + tokenLifetimeMs - 1);
    server.gate.sweep();
    old.send(publish(old, 7, report(1)));
    await acknowledged(old, 7);
    clock.set(startMs + tokenLifetimeMs);
    server.gate.sweep();
    await isEnded(old, version, reasons.notAuthorized);
    renewed.send(publish(renewed, 4, report(1)));
    await acknowledged(renewed, 4);
    clock.set(startMs + tokenLifetimeMs * 1.5);
    server.gate.sweep();
    await isEnded(renewed, version, reasons.notAuthorized);
    const { json } = await server.ask('readReports', { id: old.device.vehicleId });
    assert.equal(json.items[0]?.event, 'tokenExpired');
    clock.set(startMs);
  });

  test(`MQTT ${name}: a server that stops says so (0x8B)`, { timeout: 300_000 }, async () => {
    const own = listenDeviceMqtt({ gate: server.gate, clock, logger: silentLogger });
    const client = await connect(version, await own.listen('127.0.0.1', 0));
    client.send(publish(client, 1, report(1)));
    await acknowledged(client, 1);
    await Promise.all([own.close(), isEnded(client, version, reasons.shuttingDown)]);
  });

  test(`MQTT ${name}: a log that takes nothing ends the connection (0x97), and says why before`, {
    timeout: 300_000,
  }, async () => {
    const own = listenDeviceMqtt({ gate: full.gate, clock, logger: silentLogger });
    try {
      const client = await connect(version, await own.listen('127.0.0.1', 0), fullDevice);
      client.send(
        { cmd: 'subscribe', subscriptions: [{ topic: `milepost/v1/${client.device.imei}/ack`, qos: 0 }], messageId: 1 },
        publish(client, 2, report(1)),
      );
      await isEnded(client, version, reasons.quotaExceeded);
      const told = client.heard.find((packet) => packet.cmd === 'publish')?.payload.toString() ?? '';
      assert.match(told, /"code":"disk_full"/);
      assert.ok(!client.heard.some(({ cmd }) => cmd === 'puback'), 'it was not stored, so it is not acknowledged');
    } finally {
      await own.close();
    }
  });
}

/** A gate that takes everything and settles nothing, as while the log takes nothing, and does not stop reading. */
const openStuck = async (): Promise<{ own: DeviceMqtt; at: number; received: () => number }> => {
  let received = 0;
  const gate = {
    admit: () =>
      Promise.resolve(() => ({
        received: () => void received++,
        receivedFrame: () => void received++,
        saidGoodbye: () => {},
        closed: () => {},
      })),
  };
  const own = listenDeviceMqtt({ gate, clock, logger: silentLogger });
  return { own, at: await own.listen('127.0.0.1', 0), received: () => received };
};

test('Receive Maximum: MQTT 5 is ended with 0x93 past it, exactly; 3.1.1 was told of none', { timeout: 300_000 }, async () => {
  const { own, at, received } = await openStuck();
  const client = await connect(5, at);
  const publishes = (from: number, count: number): Packet[] =>
    Array.from({ length: count }, (_, i) => publish(client, from + i, report(from + i)));
  const granted = client.heard.find((packet) => packet.cmd === 'connack')?.properties?.receiveMaximum;
  assert.equal(granted, mqttLimits.receiveMaximum);
  client.send(...publishes(1, mqttLimits.receiveMaximum));
  // QoS 0 does not count.
  client.send(publish(client, 0, report(0), 0), { cmd: 'pingreq' });
  await client.until((heard) => heard.find(({ cmd }) => cmd === 'pingresp'));
  assert.equal(received(), mqttLimits.receiveMaximum + 1);
  client.send(...publishes(mqttLimits.receiveMaximum + 1, 1));
  await isEnded(client, 5, reasons.receiveMaximumExceeded);
  assert.equal(received(), mqttLimits.receiveMaximum + 1);

  const old = await connect(4, at);
  old.send(...Array.from({ length: mqttLimits.receiveMaximum * 2 }, (_, i) => publish(old, i + 1, report(i))), {
    cmd: 'pingreq',
  });
  await old.until((heard) => heard.find(({ cmd }) => cmd === 'pingresp'));
  old.socket.destroy();
  await own.close();
});

test('reports without an answer of which nothing is settled end the connection at the limit (0x97)', {
  timeout: 300_000,
}, async () => {
  for (const version of versions) {
    const { own, at } = await openStuck();
    const client = await connect(version, at);
    const some = Array.from({ length: mqttLimits.unsettledMax }, (_, i) =>
      publish(client, 0, { boot: 1, seq: i, samples: [] }, 0),
    );
    client.send(...some, { cmd: 'pingreq' });
    await client.until((heard) => heard.find(({ cmd }) => cmd === 'pingresp'));
    client.send(publish(client, 0, report(1), 0));
    await isEnded(client, version, reasons.quotaExceeded);
    await own.close();
  }
});

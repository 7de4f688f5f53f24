import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeCodes, coreSignal } from '@milepost/contract';
import fc from 'fast-check';
import { ByteWriter, ReportBuilder } from '../events/index.ts';
import { openTestServer, type TestServer } from '../http/testing/open-test-server.ts';
import { listenerLimits } from '../protocols/index.ts';
import { sessionLimits } from './session-limits.ts';
import { ackedSeq, type DeviceSocket, openDeviceSocket, type ServerMessage } from './testing/device-socket.ts';

const startMs = Date.now() - 600_000;
const tokenLifetimeMs = 3000;

let server: TestServer;
let made = 0;

before(async () => {
  // A short queue, so that a device that sends quickly fills it.
  server = await openTestServer('device_session', {}, { tokenLifetimeMs, logLimits: { pendingRecordsMax: 32 } });
});
after(() => server.close());

interface TestDevice {
  readonly vehicleId: string;
  readonly deviceId: string;
  login(): Promise<string>;
  open(): Promise<DeviceSocket>;
}

const addDevice = async (): Promise<TestDevice> => {
  const number = ++made;
  const vin = `WVWZZZ1JZ${String(number).padStart(8, '0')}`;
  const vehicle = await server.ask('createVehicle', { body: { vin, customer: 'Demo' } });
  const imei = String(350_000_000_000_000 + number);
  const device = await server.ask('createDevice', { body: { imei, vehicleId: vehicle.json.id } });
  const login = async (): Promise<string> => {
    const answer = await server.ask('login', { body: { imei, secret: device.json.secret } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.token;
  };
  return {
    vehicleId: vehicle.json.id,
    deviceId: device.json.id,
    login,
    open: async () => openDeviceSocket(server.origin, await login()),
  };
};

const report = (seq: number, kmh: unknown = seq % 200, boot = 1) => ({
  boot,
  seq,
  samples: [{ time: startMs + seq, signals: { 'Vehicle.Speed': kmh } }],
});

const storedSpeeds = async (vehicleId: string): Promise<number[]> => {
  const query = `signals=Vehicle.Speed&from=${startMs}&to=${startMs + 100_000}`;
  const answer = await server.call('GET', `/v1/vehicles/${vehicleId}/history?${query}`);
  return (JSON.parse(answer.text) as { columns: Record<string, number[]> }).columns['Vehicle.Speed'] ?? [];
};

const errorOf = (heard: readonly ServerMessage[]) => heard.find(({ error }) => error)?.error;

test('more reports than the queue takes are held, acknowledged in order with few messages, and all stored once', async () => {
  const device = await addDevice();
  const { send, until, heard, socket } = await device.open();
  const count = 1500;
  for (let seq = 1; seq <= count; seq++) send(report(seq));
  await until((all) => (ackedSeq(all) === count ? true : undefined), 'all acknowledged');
  const acks = heard.flatMap(({ ack }) => (ack === undefined ? [] : [ack]));
  assert.deepEqual(
    acks,
    acks.toSorted((a, b) => a - b),
  );
  assert.ok(acks.length < count / 5, `${acks.length} acknowledgements of ${count} reports`);
  assert.equal(heard.length, acks.length, 'and nothing else was said');
  const speeds = await storedSpeeds(device.vehicleId);
  assert.deepEqual(
    speeds,
    Array.from({ length: count }, (_, i) => (i + 1) % 200),
  );
  socket.terminate();
});

test('a rejection names report, sample, signal and reason, and comes before the acknowledgement', async () => {
  const { send, until, heard, socket } = await (await addDevice()).open();
  send(report(5, 'fast'));
  await until((all) => (ackedSeq(all) === 5 ? true : undefined), 'acknowledged');
  assert.deepEqual(heard[0], {
    boot: 1,
    seq: 5,
    rejected: [{ sample: 0, signal: 'Vehicle.Speed', value: 'fast', reason: 'wrong_type' }],
  });
  assert.equal(heard[1]?.ack, 5);
  socket.terminate();
});

test('what was sent before the connection was lost may come again, and is there once', async () => {
  const device = await addDevice();
  const first = await device.open();
  for (let seq = 1; seq <= 10; seq++) first.send(report(seq));
  await first.until((all) => (ackedSeq(all) >= 1 ? true : undefined), 'something acknowledged');
  first.socket.terminate();
  const second = await device.open();
  for (let seq = 1; seq <= 12; seq++) second.send(report(seq));
  await second.until((all) => (ackedSeq(all) === 12 ? true : undefined), 'all acknowledged');
  assert.deepEqual(
    second.heard.filter(({ rejected }) => rejected),
    [],
  );
  assert.deepEqual(
    await storedSpeeds(device.vehicleId),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  second.socket.terminate();
});

test('a binary frame is a report like another, and acknowledged in the same row', async () => {
  const device = await addDevice();
  const { send, until, socket } = await device.open();
  const builder = new ReportBuilder();
  builder.addSample(startMs + 2);
  builder.addValue(coreSignal('Vehicle.Speed').number, 770);
  const out = new ByteWriter();
  for (const byte of [1, 1, 2]) out.byte(byte);
  builder.encode(out);
  send(report(1));
  send(out.toBytes());
  send(report(3));
  await until((all) => (ackedSeq(all) === 3 ? true : undefined), 'all acknowledged');
  assert.deepEqual(await storedSpeeds(device.vehicleId), [1, 7.7, 3]);
  socket.terminate();
});

test('a heartbeat moves last-seen and changes no signal', async () => {
  const device = await addDevice();
  const { send, until, socket } = await device.open();
  send({ boot: 1, seq: 1, samples: [] });
  await until((all) => (ackedSeq(all) === 1 ? true : undefined), 'acknowledged');
  const { json } = await server.ask('readVehicle', { id: device.vehicleId });
  assert.equal(json.status, 'online');
  assert.ok(Date.parse(json.lastSeen ?? '') > Date.now() - 10_000);
  assert.deepEqual(json.latest, {});
  socket.terminate();
});

test('without boot and seq, or with samples that are no list, a report is refused and the connection stays', async () => {
  const { send, until, heard, socket } = await (await addDevice()).open();
  send({ samples: [] });
  const missing = await until(errorOf, 'an error');
  assert.equal(missing.field, 'seq');
  send({ boot: 1, seq: 7, samples: 'none' });
  await until((all) => (ackedSeq(all) === 7 ? true : undefined), 'let go of, since it will never be stored');
  assert.equal(heard.find(({ seq }) => seq === 7)?.error?.field, 'samples');
  send(report(8));
  await until((all) => (ackedSeq(all) === 8 ? true : undefined), 'the next one is stored');
  socket.terminate();
});

test('frames that cannot be read are named; ten in a row close the connection, a good one between begins the count anew', async () => {
  const { send, until, heard, closed } = await (await addDevice()).open();
  for (let i = 1; i < sessionLimits.unreadableFramesMax; i++) send(i % 2 === 0 ? '{"samples":' : new Uint8Array([7, 7]));
  send(report(1));
  await until((all) => (ackedSeq(all) === 1 ? true : undefined), 'still there');
  assert.equal(heard.filter(({ error }) => error?.code === 'bad_request').length, sessionLimits.unreadableFramesMax - 1);
  for (let i = 0; i < sessionLimits.unreadableFramesMax; i++) send('no');
  assert.equal(await closed, closeCodes.unreadable);
});

test('a frame that is too large closes with 1009', async () => {
  const { send, closed } = await (await addDevice()).open();
  send('x'.repeat(listenerLimits.frameBytesMax + 1));
  assert.equal(await closed, closeCodes.tooLarge);
});

test('with one connection too many the oldest is closed', async () => {
  const device = await addDevice();
  const sockets: DeviceSocket[] = [];
  for (let i = 0; i <= sessionLimits.connectionsPerDeviceMax; i++) sockets.push(await device.open());
  assert.equal(await sockets[0]?.closed, closeCodes.tooManyConnections);
  for (const [i, { send, until, socket }] of sockets.slice(1).entries()) {
    send(report(i + 1));
    await until((all) => (ackedSeq(all) === i + 1 ? true : undefined), 'the others go on');
    socket.terminate();
  }
});

test('a revoked device is cut at once, and its token is refused', async () => {
  const device = await addDevice();
  const token = await device.login();
  const { closed } = await openDeviceSocket(server.origin, token);
  const revokedAt = performance.now();
  await server.call('DELETE', `/v1/devices/${device.deviceId}`);
  assert.equal(await closed, closeCodes.revoked);
  assert.ok(performance.now() - revokedAt < 1000);
  await assert.rejects(openDeviceSocket(server.origin, token), /status 401/);
  await assert.rejects(openDeviceSocket(server.origin, 'no token'), /status 401/);
});

test('at token expiry the connection is closed with its own code, unless the token was renewed on it', async () => {
  const [old, renewed, stranger] = [await addDevice(), await addDevice(), await addDevice()];
  const first = await old.open();
  const second = await renewed.open();
  second.send({ token: await stranger.login() });
  assert.equal((await second.until(errorOf, 'an error')).code, 'forbidden');
  second.send({ token: 'rubbish' });
  await second.until((all) => all.find(({ error }) => error?.code === 'unauthorized'), 'refused');
  // Half of its life later, so that the new token outlives the old one.
  const halfLifeAt = performance.now() + tokenLifetimeMs / 2;
  let seq = 0;
  while (performance.now() < halfLifeAt) {
    second.send(report(++seq));
    await second.until((all) => (ackedSeq(all) === seq ? true : undefined), 'stored meanwhile');
  }
  second.send({ token: await renewed.login() });
  await second.until((all) => all.find(({ tokenExpiresAt }) => tokenExpiresAt), 'renewed');
  const sweep = setInterval(() => server.gate.sweep(), 20);
  try {
    assert.equal(await first.closed, closeCodes.tokenExpired);
    second.send(report(++seq));
    await second.until((all) => (ackedSeq(all) === seq ? true : undefined), 'the renewed one goes on');
    assert.equal(await second.closed, closeCodes.tokenExpired, 'until the new token ends, too');
  } finally {
    clearInterval(sweep);
  }
});

test('whatever frames a device sends, the server lives and goes on with the next device', async () => {
  const device = await addDevice();
  const frames = fc.array(
    fc.oneof(
      fc.json(),
      fc.string(),
      fc.uint8Array({ maxLength: 64 }),
      fc.record({ boot: fc.jsonValue(), seq: fc.jsonValue(), samples: fc.jsonValue() }, { requiredKeys: [] }),
      fc.record({
        boot: fc.constant(1),
        seq: fc.nat(),
        samples: fc.array(
          fc.record({ time: fc.jsonValue(), signals: fc.dictionary(fc.constant('Vehicle.Speed'), fc.jsonValue()) }),
        ),
      }),
      fc.record({ token: fc.string(), goodbye: fc.boolean() }, { requiredKeys: [] }),
    ),
    { minLength: 1, maxLength: 20 },
  );
  const errorsBefore = server.gate.sessions();
  await fc.assert(
    fc.asyncProperty(frames, async (sent) => {
      const client = await device.open();
      for (const frame of sent) client.send(frame);
      client.socket.close();
      assert.notEqual(await client.closed, 1011, 'an error of ours');
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 60) },
  );
  const { send, until, socket } = await (await addDevice()).open();
  send(report(1));
  await until((all) => (ackedSeq(all) === 1 ? true : undefined), 'the next device is served');
  socket.terminate();
  assert.ok(server.gate.sessions() <= errorsBefore + 1);
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { coreSignal } from '@milepost/contract';
import { type Problem, telemetryAnswer } from '@milepost/contract/api';
import { ByteWriter, ReportBuilder } from '../events/index.ts';
import { Value } from 'typebox/value';
import type { TelemetryAnswer } from '../protocols/index.ts';
import { listenerLimits } from '../protocols/index.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';

const speed = coreSignal('Vehicle.Speed');
const startMs = Date.now() - 60_000;

let server: TestServer;
let vehicleId: string;
let token: string;

before(async () => {
  server = await openTestServer('telemetry_bodies');
  const vehicle = await server.ask('createVehicle', { body: { vin: 'WVWZZZ1JZ00000001', customer: 'Demo' } });
  vehicleId = vehicle.json.id;
  const imei = '350000000000001';
  const device = await server.ask('createDevice', { body: { imei, vehicleId } });
  const login = await server.ask('login', { body: { imei, secret: device.json.secret } });
  token = login.json.token;
});
after(() => server.close());

const send = async (type: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
  const response = await fetch(`${server.origin}/v1/telemetry`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
    body,
  });
  const json = (await response.json()) as TelemetryAnswer & Problem;
  if (response.status === 200) assert.deepEqual(Value.Errors(telemetryAnswer, json), []);
  return { status: response.status, json };
};

const speeds = async (fromMs: number, toMs: number): Promise<unknown[]> => {
  const query = { signals: 'Vehicle.Speed', from: String(fromMs), to: String(toMs) };
  const answer = await server.call('GET', `/v1/vehicles/${vehicleId}/history?${new URLSearchParams(query).toString()}`);
  assert.equal(answer.status, 200, answer.text);
  return (JSON.parse(answer.text) as { columns: Record<string, unknown[]> }).columns['Vehicle.Speed'] ?? [];
};

const line = (timeMs: number, kmh: unknown): string => JSON.stringify({ time: timeMs, signals: { 'Vehicle.Speed': kmh } });

const frameOf = (head: readonly number[], values: readonly (readonly [timeMs: number, stored: number])[]) => {
  const builder = new ReportBuilder();
  for (const [timeMs, stored] of values) {
    builder.addSample(timeMs);
    builder.addValue(speed.number, stored);
  }
  const out = new ByteWriter();
  for (const byte of head) out.byte(byte);
  builder.encode(out);
  return new Uint8Array(out.toBytes());
};

test('a device frame is stored, with and without boot and seq', async () => {
  const bare = await send('application/vnd.milepost.report', frameOf([0], [[startMs, 1230]]));
  assert.equal(bare.status, 200);
  assert.equal(bare.json.stored, 1);
  assert.equal(bare.json.ack, undefined);
  const sequenced = await send('application/vnd.milepost.report', frameOf([1, 3, 7], [[startMs + 1, 1240]]));
  assert.equal(sequenced.json.ack, 7);
  assert.deepEqual(await speeds(startMs, startMs + 2), [12.3, 12.4]);
});

test('lines are samples, counted over the whole body; blank ones are nothing', async () => {
  const from = startMs + 1000;
  const count = listenerLimits.samplesPerSliceMax * 2 + 10;
  const lines = Array.from({ length: count }, (_, i) => line(from + i, i % 100));
  lines[0] = line(from, 'fast');
  lines[listenerLimits.samplesPerSliceMax + 1] = JSON.stringify({ time: 'yesterday', signals: {} });
  const answer = await send('application/x-ndjson', `\r\n${lines.join('\r\n')}\n\n`);
  assert.equal(answer.status, 200);
  assert.equal(answer.json.stored, count - 2);
  assert.deepEqual(answer.json.rejected, [
    { sample: 0, signal: 'Vehicle.Speed', value: 'fast', reason: 'wrong_type' },
    { sample: listenerLimits.samplesPerSliceMax + 1, value: 'yesterday', reason: 'bad_time' },
  ]);
  assert.equal((await speeds(from, from + count)).length, count - 2);
});

test('a line that is no JSON refuses the whole body by its number, and nothing is stored', async () => {
  const from = startMs + 10_000;
  const lines = Array.from({ length: listenerLimits.samplesPerSliceMax + 5 }, (_, i) => line(from + i, 1));
  lines[listenerLimits.samplesPerSliceMax + 2] = '{"time":';
  const answer = await send('application/x-ndjson', lines.join('\n'));
  assert.equal(answer.status, 400);
  assert.match(answer.json.detail ?? '', new RegExp(`line ${listenerLimits.samplesPerSliceMax + 3} is not JSON`));
  assert.deepEqual(await speeds(from, from + lines.length), []);
  assert.equal((await send('application/x-ndjson', '\n \n')).status, 400);
});

test('any body may be compressed', async () => {
  const from = startMs + 20_000;
  const gzip = { 'content-encoding': 'gzip' };
  const json = JSON.stringify({ samples: [{ time: from, signals: { 'Vehicle.Speed': 1 } }] });
  assert.equal((await send('application/json', gzipSync(json), gzip)).status, 200);
  assert.equal((await send('application/x-ndjson', gzipSync(line(from + 1, 2)), gzip)).status, 200);
  const frame = gzipSync(frameOf([0], [[from + 2, 300]]));
  assert.equal((await send('application/vnd.milepost.report', frame, gzip)).status, 200);
  assert.deepEqual(await speeds(from, from + 3), [1, 2, 3]);
});

test('a small body that unpacks to a large one is refused, as are other encodings and broken streams', async () => {
  const gzip = { 'content-encoding': 'gzip' };
  const bomb = gzipSync(Buffer.alloc(listenerLimits.batchBytesMax + 1, ' '));
  assert.ok(bomb.length < 20_000);
  for (const type of ['application/json', 'application/x-ndjson', 'application/vnd.milepost.report']) {
    assert.equal((await send(type, bomb, gzip)).json.code, 'payload_too_large', type);
  }
  const cut = gzipSync(line(startMs, 1)).subarray(0, 20);
  assert.equal((await send('application/x-ndjson', cut, gzip)).status, 400);
  assert.equal((await send('application/json', '{}', { 'content-encoding': 'br' })).status, 400);
  assert.equal((await send('text/plain', '{}')).status, 415);
});

test('bytes that are no frame are named', async () => {
  const wrongHead = await send('application/vnd.milepost.report', new Uint8Array([9, 1, 0, 0]));
  assert.equal(wrongHead.status, 400);
  assert.match(wrongHead.json.detail ?? '', /begins with 9, expected 0 or 1/);
  const cut = await send('application/vnd.milepost.report', frameOf([0], [[startMs, 1]]).slice(0, 6));
  assert.equal(cut.status, 400);
  assert.match(cut.json.detail ?? '', /report cannot be read/);
  assert.equal((await send('application/vnd.milepost.report', new Uint8Array())).status, 400);
});

test('whoever is unknown is answered before anything of the body is waited for', async () => {
  const socket = net.connect({ port: server.port, host: '127.0.0.1' });
  socket.write(
    `POST /v1/telemetry HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"samples": [`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString('latin1'), /^HTTP\/1\.1 401 /);
  socket.destroy();
});

test('a request without a body is told so', async () => {
  const response = await fetch(`${server.origin}/v1/telemetry`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 400);
  assert.equal(((await response.json()) as Problem).code, 'bad_request');
});

import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExportFormat } from '@milepost/contract/api';
import { type Clock, type Logger, makeManualClock, silentLogger, systemClock } from '../kernel/index.ts';
import { httpLimits } from './limits.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, RecordedDevice, type Said } from './testing/recorded-device.ts';

// Exports whose client stalls or goes away, of vehicles with two devices, and of what is all in memory yet.

const lookMs = httpLimits.exportStallMs / 6;
const looks = makeManualClock(0);
/** Looks after stalled clients wait for the test; all else goes on in real time. */
const clock: Clock = { ...systemClock, after: (ms, run) => (ms === lookMs ? looks : systemClock).after(ms, run) };
const errors: string[] = [];
const logger: Logger = { ...silentLogger, error: (message) => void errors.push(message) };

const [speed, latitude, longitude] = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'];
const rows = 60_000;
const fromMs = Math.floor(Date.now() / 1000) * 1000 - rows * 1000;
const period = { from: String(fromMs), to: String(fromMs + rows * 1000) };
const samplesPerReport = 4000;

let server: TestServer;
let long: RecordedDevice;
let pair: RecordedDevice;

/** Values that never repeat, so that reports are large. */
const saidAt = (n: number): Said => ({
  time: fromMs + n * 1000,
  signals: {
    [speed]: (n * 7919) % 400,
    [latitude]: ((n * 104_729) % 1_700_000) / 10_000 - 85,
    [longitude]: ((n * 130_363) % 3_500_000) / 10_000 - 175,
    'Vehicle.TraveledDistance': n * 13,
    'Vehicle.VehicleIdentification.Brand': String(n).padStart(64, 'x'),
  },
});

before(async () => {
  server = await openTestServer('exports_long', {}, { clock, logger });
  [long, pair] = (await addRecordedDevices(server, 2)) as [RecordedDevice, RecordedDevice];
  for (let n = 0; n < rows; n += samplesPerReport)
    await long.sendBinary(Array.from({ length: samplesPerReport }, (_, i) => saidAt(n + i)));
});
after(() => server.close());

const addressOf = (device: RecordedDevice, format: ExportFormat, more: Record<string, string> = {}): string =>
  `/v1/vehicles/${device.vehicleId}/export?${new URLSearchParams({ format, ...period, ...more }).toString()}`;
const download = async (device: RecordedDevice, format: ExportFormat, more?: Record<string, string>) => {
  const headers = { authorization: `Bearer ${operatorToken}` };
  const answer = await fetch(server.origin + addressOf(device, format, more), { headers });
  return { status: answer.status, text: await answer.text() };
};

test('a vehicle with a backlog in memory is written to chunks once, then read from there', async () => {
  const { flushes, memtableBytes } = server.history.statistics();
  assert.ok(memtableBytes > 4 * 1024 * 1024 && flushes === 0, `${memtableBytes} bytes, ${flushes} flushes`);
  const { text } = await download(long, 'csv', { signals: Object.keys(saidAt(0).signals).join(',') });
  const lines = text.trimEnd().split('\r\n');
  assert.equal(lines.length, rows + 1);
  const columns = Object.keys(saidAt(0).signals);
  for (const n of [0, 1, 29_999, rows - 1]) {
    const expected = columns.map((path) => {
      const value = saidAt(n).signals[path];
      return typeof value === 'number' ? String(Math.round(value * 1e7) / 1e7) : value;
    });
    assert.equal(lines[n + 1], [new Date(fromMs + n * 1000).toISOString(), ...expected].join(','));
  }
  assert.equal(server.history.statistics().flushes, 1, 'many pages, one flush');
  assert.ok(server.history.statistics().memtableBytes < 64 * 1024);
});

/** Opens an export and reads nothing of it. */
const openOnly = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${operatorToken}` };
    get(server.origin + addressOf(long, 'gpx'), { headers, agent: false }, resolve).on('error', reject);
  });

test('clients that take nothing are cut after a while and leave their places to others', { timeout: 300_000 }, async () => {
  const stalled = await Promise.all(Array.from({ length: httpLimits.exportsAtOnceMax }, openOnly));
  const cut = stalled.map((response) => new Promise((resolve) => response.once('error', resolve)));
  assert.equal((await download(pair, 'gpx')).status, 503);
  const connected = (): Promise<number> =>
    new Promise((resolve, reject) => {
      server.http.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  const others = (await connected()) - stalled.length;
  // What the kernel takes for them is taken by them, so it lasts until its buffers are full.
  while ((await connected()) > others) {
    await nextTurn();
    looks.advance(lookMs);
  }
  // What they have in their buffers is read before they hear that they were cut.
  for (const response of stalled) response.resume();
  await Promise.all(cut);
  const { status, text } = await download(long, 'gpx');
  assert.deepEqual([status, text.match(/<trkpt /g)?.length], [200, rows]);
  assert.ok(text.endsWith('</gpx>\n'));
});

test('a client that goes away is no error of ours', { timeout: 300_000 }, async () => {
  const response = await openOnly();
  response.on('error', () => {});
  response.destroy();
  let status = 503;
  while (status === 503) status = (await download(pair, 'gpx')).status;
  assert.deepEqual(errors, []);
});

test('two devices on one vehicle each have a track of their own', async () => {
  const imei = '353000000000099';
  const device = await server.ask('createDevice', { body: { imei, vehicleId: pair.vehicleId, kind: 'tracker' } });
  const other = new RecordedDevice(server, pair.vehicleId, { imei, secret: device.json.secret });
  const said = (n: number, north: number): Said => ({
    time: fromMs + n * 500,
    signals: { [latitude]: north + n / 10_000, [longitude]: 13 },
  });
  const count = 200;
  const both = Array.from({ length: count }, (_, n) => n);
  await pair.sendJson(both.filter((n) => n % 2 === 0).map((n) => said(n, 10)));
  await other.sendJson(both.filter((n) => n % 2 === 1).map((n) => said(n, 50)));

  const { text } = await download(pair, 'gpx');
  const tracks = [...text.matchAll(/<trk>([^]*?)<\/trk>/g)].map(([, track = '']) => ({
    source: /<src>(.*?)<\/src>/.exec(track)?.[1],
    segments: track.match(/<trkseg>/g)?.length,
    latitudes: [...track.matchAll(/lat="([\d.]+)"/g)].map(([, lat]) => Number(lat)),
  }));
  const devices = (await server.ask('readVehicle', { id: pair.vehicleId })).json.devices;
  assert.deepEqual(
    tracks.map(({ source, segments }) => [source, segments]),
    devices.map(({ kind, id }) => [`${kind} ${id}`, 1]),
  );
  for (const [t, { latitudes }] of tracks.entries()) {
    const expected = both.filter((n) => n % 2 === t).map((n) => said(n, t === 0 ? 10 : 50).signals[latitude]);
    assert.deepEqual(
      latitudes,
      expected.map((lat) => Math.round((lat as number) * 1e7) / 1e7),
    );
  }

  const { features } = JSON.parse((await download(pair, 'geojson')).text) as {
    features: { properties: { device: string; times: string[] } }[];
  };
  assert.deepEqual(
    features.map(({ properties }) => [properties.device, properties.times.length]),
    devices.map(({ kind, id }) => [`${kind} ${id}`, count / 2]),
  );
  // Alone on its vehicle, a device needs no name.
  assert.ok(!(await download(long, 'geojson')).text.includes('"device"'));
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ackedSeq, type DeviceSocket } from '../ingest/testing/device-socket.ts';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, asFrame, type RecordedDevice, type Row } from './testing/recorded-device.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';

// A day of 152 buses as their operator published it: not in order of time, some rows twice. Every expected figure is counted from the
// file by the plain code below.

const paths = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'] as const;
type Signals = Readonly<Record<(typeof paths)[number], number>>;

interface Line {
  readonly bus: string;
  readonly iso: string;
  readonly timeMs: number;
  readonly signals: Signals;
}

const file = new URL('./testing/recorded/capmetro-bus/2015-03-07-repeats.csv.gz', import.meta.url);
const day: readonly Line[] = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((text) => {
    const [bus = '', iso = '', speed, lat, lon] = text.split(',');
    const [speedKmh, latitude, longitude] = [Number(speed), Number(lat), Number(lon)];
    const [speedPath, latitudePath, longitudePath] = paths;
    const signals = { [speedPath]: speedKmh, [latitudePath]: latitude, [longitudePath]: longitude } as Signals;
    return { bus, iso, timeMs: Date.parse(iso), signals };
  });
const buses = [...new Set(day.map(({ bus }) => bus))];

/** The precision that is kept: 0.01 km/h, 1e-7 degrees. */
const kept = ({ signals }: Line): number[] => [
  Math.round(signals['Vehicle.Speed'] * 100) / 100,
  Math.round(signals['Vehicle.CurrentLocation.Latitude'] * 1e7) / 1e7,
  Math.round(signals['Vehicle.CurrentLocation.Longitude'] * 1e7) / 1e7,
];

/** By bus, in order of time: what was said first at each moment. */
const expected = new Map(buses.map((bus) => [bus, new Map<number, Row>()]));
/** What stands in the file before it, of the same bus and moment. */
const repeats: Line[] = [];
for (const line of day) {
  const rows = expected.get(line.bus) as Map<number, Row>;
  if (rows.has(line.timeMs)) repeats.push(line);
  else rows.set(line.timeMs, kept(line));
}
for (const [bus, rows] of expected) expected.set(bus, new Map([...rows].toSorted(([a], [b]) => a - b)));

const dayEndMs = Date.UTC(2015, 2, 8, 12);
const clock = makeSettableClock(dayEndMs);
let server: TestServer;
let devices: Map<string, RecordedDevice>;

before(async () => {
  server = await openTestServer('recorded_buses', {}, { clock });
  const added = await addRecordedDevices(server, buses.length);
  devices = new Map(buses.map((bus, i) => [bus, added[i] as RecordedDevice]));
});
after(() => server.close());

/** Sends the lines in their order, each bus on a socket of its own; resolves when all are on disk. Answers what was refused. */
const sendAll = async (lines: readonly Line[], boot: number, frameOf: (line: Line, seq: number) => unknown) => {
  const sockets = new Map<string, DeviceSocket>();
  for (const bus of new Set(lines.map((line) => line.bus)))
    sockets.set(bus, await (devices.get(bus) as RecordedDevice).openSocket());
  const sent = new Map<string, number>();
  for (const line of lines) {
    const seq = sent.get(line.bus) ?? 0;
    sent.set(line.bus, seq + 1);
    sockets.get(line.bus)?.send(frameOf(line, seq));
  }
  const refused: string[] = [];
  for (const [bus, socket] of sockets) {
    const last = (sent.get(bus) as number) - 1;
    await socket.until((heard) => (ackedSeq(heard) >= last ? true : undefined), `bus ${bus}, boot ${boot}`);
    refused.push(...socket.heard.flatMap(({ rejected = [] }) => rejected.map(({ reason }) => reason)));
    assert.ok(socket.heard.every(({ error, adjusted = [] }) => !error && adjusted.length === 0));
    socket.socket.close();
  }
  return refused;
};

const checkAll = async (what: string): Promise<void> => {
  let rows = 0;
  for (const [bus, device] of devices) {
    const found = await device.history(paths, 0, dayEndMs);
    assert.deepEqual(found, expected.get(bus), `bus ${bus}, ${what}`);
    rows += found.size;
  }
  assert.equal(rows, day.length - repeats.length);
};

test('the file has what the test is about', () => {
  const newest = new Map<string, number>();
  let late = 0;
  for (const { bus, timeMs } of day) {
    if (timeMs < (newest.get(bus) ?? 0)) late++;
    else newest.set(bus, timeMs);
  }
  assert.deepEqual({ lines: day.length, repeats: repeats.length, late }, { lines: 9186, repeats: 139, late: 3293 });
});

test('a day in the order of the file, as JSON on sockets: each moment once, in order of time', { timeout: 300_000 }, async () => {
  const half = Math.floor(day.length / 2);
  const json = ({ iso, signals }: Line, seq: number) => ({ boot: 1, seq, samples: [{ time: iso, signals }] });
  assert.deepEqual(await sendAll(day.slice(0, half), 1, json), []);
  await mergeEverything(server.history, clock);
  assert.deepEqual(await sendAll(day.slice(half), 1, (line, seq) => json(line, 1_000_000 + seq)), []);
  await checkAll('half merged, half in memory');
  assert.equal(server.ingest.statistics().samples, day.length, 'every line was stored, the repeated ones too');
});

test('the same day again, backwards and binary: nothing changes', { timeout: 300_000 }, async () => {
  const binary = ({ timeMs, signals }: Line, seq: number) => asFrame([{ time: timeMs, signals }], { boot: 2, seq });
  assert.deepEqual(await sendAll(day.toReversed(), 2, binary), []);
  await checkAll('twice');
  await mergeEverything(server.history, clock);
  await checkAll('twice and merged');
  assert.equal(server.history.statistics().conflictsAtMerge, 0);
});

test('the latest place is the newest, whatever came last', async () => {
  for (const [bus, device] of devices) {
    const [timeMs, row] = [...(expected.get(bus) as Map<number, Row>)].at(-1) as [number, Row];
    const { json } = await server.ask('readVehicle', { id: device.vehicleId });
    assert.deepEqual([json.position?.time, json.position?.latitude], [new Date(timeMs).toISOString(), row[1]], `bus ${bus}`);
  }
});

test('the repeated rows with another speed: each is a conflict, answered or counted, and what came first stays', async () => {
  const other = ({ timeMs, signals }: Line, seq: number) =>
    asFrame([{ time: timeMs, signals: { ...signals, 'Vehicle.Speed': signals['Vehicle.Speed'] + 1 } }], { boot: 3, seq });
  const answered = await sendAll(repeats, 3, other);
  assert.deepEqual(new Set([...answered, 'conflict']), new Set(['conflict']));
  await checkAll('in memory');
  await mergeEverything(server.history, clock);
  await checkAll('merged');
  assert.equal(answered.length + server.history.statistics().conflictsAtMerge, repeats.length);
});

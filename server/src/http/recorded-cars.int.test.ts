import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice, type Said } from './testing/recorded-device.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';

// A car whose GPS gave dates that are none, as it was recorded: docs/signals.md says what becomes of it. Every expected figure is counted
// from the files by the plain code below.

const paths = ['Vehicle.Speed', 'Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'] as const;

interface Second {
  readonly trueMs: number;
  /** What the GPS said: year, month and day, as they stand in the file. */
  readonly date: readonly [year: number, month: number, day: number];
  readonly signals: Readonly<Record<(typeof paths)[number], number>>;
}

const lines = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','));
const signalsOf = (speed: string, lat: string, lon: string): Second['signals'] => ({
  'Vehicle.Speed': Number(speed),
  'Vehicle.CurrentLocation.Latitude': Number(lat),
  'Vehicle.CurrentLocation.Longitude': Number(lon),
});

/** The seconds around the glitch of a trip: those of the clean file, with what was recorded where the date was corrupt. */
const readTrip = (trip: string, fromIso: string, toIso: string): Second[] => {
  const folder = new URL('./testing/recorded/twizy-ev/', import.meta.url);
  const glitched = new Map<string, Second['date']>();
  for (const [name, , date = '', time = ''] of lines(readFileSync(new URL('glitched_raw_rows.csv', folder), 'utf8'))) {
    const [month, day, year] = date.split('/').map(Number) as [number, number, number];
    if (name === trip) glitched.set(time, [year, month, day]);
  }
  const clean = gunzipSync(readFileSync(new URL('../../../simulator/data/twizy-ev/telemetry.csv.gz', import.meta.url)));
  return lines(clean.toString('utf8')).flatMap(([name, at = '', , speed = '', , lat = '', lon = '']) => {
    if (name !== trip || at < fromIso || at >= toIso) return [];
    const [date = '', time = ''] = at.split('T');
    const [year, month, day] = date.split('-').map(Number) as [number, number, number];
    const found = glitched.get(time) ?? ([year, month, day] as const);
    return [{ trueMs: Date.parse(`${at}Z`), date: found, signals: signalsOf(speed, lat, lon) }];
  });
};

const isGlitched = ({ date: [year] }: Second): boolean => year > 2021;
const two = (n: number): string => String(n).padStart(2, '0');
/** The date as it stands, as text. */
const textTime = ({ trueMs, date: [year, month, day] }: Second): string =>
  `${year}-${two(month)}-${two(day)}${new Date(trueMs).toISOString().slice(10)}`;
/** As the calendar of a device counts on: month 90 of 2032 is June 2039, day 0 of February is 31 January. */
const countedTime = ({ trueMs, date: [year, month, day] }: Second): number =>
  Date.UTC(year, month - 1, day) + (trueMs % 86_400_000);

const month = readTrip('T1_03_29_2021', '2021-03-29T12:07:31', '2021-03-29T12:08:41');
const day = readTrip('T2_04_26_2021', '2021-04-26T16:04:20', '2021-04-26T16:05:30');
const reportsOf = (trip: readonly Second[]): Second[][] =>
  Array.from({ length: Math.ceil(trip.length / 10) }, (_, i) => trip.slice(i * 10, i * 10 + 10));

const clock = makeSettableClock(Date.UTC(2021, 2, 29));
let server: TestServer;
let cars: RecordedDevice[];

before(async () => {
  server = await openTestServer('recorded_cars', {}, { clock });
  cars = await addRecordedDevices(server, 5);
});
after(() => server.close());

const car = (i: number): RecordedDevice => cars[i] as RecordedDevice;
/** A report arrives 400 ms after its last second. */
const arrivalOf = (report: readonly Second[]): number => (report.at(-1) as Second).trueMs + 400;
const valuesOf = ({ signals }: Second): number[] => paths.map((path) => signals[path]);
const wholeOf = async (device: RecordedDevice, trip: readonly Second[]) =>
  device.history(paths, (trip[0] as Second).trueMs - 86_400_000, Date.UTC(2100, 0));

test('the files have what the tests are about', () => {
  assert.deepEqual([month.length, month.filter(isGlitched).length], [70, 10]);
  assert.deepEqual([day.length, day.filter(isGlitched).length], [70, 13]);
  assert.equal(textTime(month.find(isGlitched) as Second), '2032-90-02T12:08:07.000Z');
  assert.equal(textTime(day.find(isGlitched) as Second), '2060-02-00T16:04:52.000Z');
});

test('dates that are none, as text: bad_time for each, the seconds around them are stored as recorded', async () => {
  for (const [i, trip] of [month, day].entries()) {
    const refused: number[] = [];
    for (const [r, report] of reportsOf(trip).entries()) {
      clock.set(arrivalOf(report));
      const answer = await car(i).sendJson(report.map((second) => ({ time: textTime(second), signals: second.signals })));
      assert.ok(answer.rejected.every(({ reason, signal }) => reason === 'bad_time' && signal === undefined));
      refused.push(...answer.rejected.map(({ sample }) => r * 10 + (sample as number)));
    }
    assert.deepEqual(
      refused,
      [...trip.keys()].filter((second) => isGlitched(trip[second] as Second)),
    );
    const expected = trip.filter((second) => !isGlitched(second)).map((second) => [second.trueMs, valuesOf(second)] as const);
    assert.deepEqual([...(await wholeOf(car(i), trip))], expected);
  }
});

/** Sends a trip and answers where each second must lie by the rule: moved to receivedAt minus its distance to the newest of its report. */
const sendCounted = async (device: RecordedDevice, trip: readonly Second[], delayMs: number) => {
  const expected = new Map<number, number[]>();
  for (const report of reportsOf(trip)) {
    const receivedAt = arrivalOf(report) + delayMs;
    clock.set(receivedAt);
    const times = report.map(countedTime);
    const answer = await device.sendBinary(
      report.map((second, i): Said => ({ time: times[i] as number, signals: second.signals })),
    );
    assert.deepEqual([answer.rejected, answer.stored], [[], report.length]);
    const newest = Math.max(...times);
    const moved = times.flatMap((time, sample) =>
      time > receivedAt + 300_000 ? [{ sample, time, to: receivedAt - newest + time }] : [],
    );
    const iso = (ms: number): string => new Date(ms).toISOString();
    assert.deepEqual(
      answer.adjusted,
      moved.map(({ sample, time, to }) => ({ sample, time: iso(time), storedAs: iso(to) })),
    );
    for (const [sample, second] of report.entries())
      expected.set(moved.find((one) => one.sample === sample)?.to ?? second.trueMs, valuesOf(second));
  }
  return new Map([...expected].toSorted(([a], [b]) => a - b));
};

test('dates counted on to 2039 and 2060, binary: stored when they arrived, with their distances, and listed', async () => {
  const stored: { readonly device: RecordedDevice; readonly trip: readonly Second[]; readonly rows: Map<number, number[]> }[] =
    [];
  for (const [i, trip] of [month, day].entries()) {
    const device = car(2 + i);
    const rows = await sendCounted(device, trip, 0);
    stored.push({ device, trip, rows });
    assert.equal(rows.size, trip.length);
    assert.deepEqual(await wholeOf(device, trip), rows);
    const { json } = await server.ask('readVehicle', { id: device.vehicleId });
    assert.ok(Date.parse(json.position?.time ?? '') <= clock.now(), 'nothing in the future is the latest position');

    // The answers were lost, so the device sends everything again, a minute later.
    await sendCounted(device, trip, 60_000);
    assert.deepEqual(await wholeOf(device, trip), rows, 'each second counts once, where it was stored first');
  }
  await mergeEverything(server.history, clock);
  for (const { device, trip, rows } of stored) assert.deepEqual(await wholeOf(device, trip), rows, 'merged too');
  assert.equal(server.history.statistics().conflictsAtMerge, 0);
});

test('another value for a moved second is a conflict, known by the time that the device gave', async () => {
  const device = car(2);
  const report = reportsOf(month).find((seconds) => seconds.every(isGlitched) || seconds.some(isGlitched)) as Second[];
  clock.set(arrivalOf(report) + 120_000);
  await sendCounted(device, report, 120_000);
  const other = report.filter(isGlitched).map(
    (second): Said => ({
      time: countedTime(second),
      signals: { 'Vehicle.Speed': second.signals['Vehicle.Speed'] + 1 },
    }),
  );
  const answer = await device.sendJson(other);
  assert.deepEqual(
    answer.rejected.map(({ sample, signal, reason }) => [sample, signal, reason]),
    other.map((_, sample) => [sample, 'Vehicle.Speed', 'conflict']),
  );
  assert.equal(answer.stored, 0);
});

test('a GPS that loses its fix and says 0, 0: the place is refused, the speed is stored, the map keeps the last true place', async () => {
  const device = car(4);
  const [clean, lost] = [day.slice(0, 10), day.slice(10, 20)];
  clock.set(arrivalOf(clean));
  await device.sendBinary(clean.map(({ trueMs, signals }) => ({ time: trueMs, signals })));
  clock.set(arrivalOf(lost));
  const without = lost.map(
    ({ trueMs, signals }): Said => ({
      time: trueMs,
      signals: { ...signals, 'Vehicle.CurrentLocation.Latitude': 0, 'Vehicle.CurrentLocation.Longitude': 0 },
    }),
  );
  for (const send of [() => device.sendBinary(without), () => device.sendJson(without)]) {
    const answer = await send();
    assert.equal(answer.stored, lost.length);
    assert.deepEqual(
      answer.rejected.map(({ sample, signal, reason }) => `${sample} ${signal} ${reason}`).toSorted(),
      lost.flatMap((_, i) => paths.slice(1).map((path) => `${i} ${path} out_of_bounds`)).toSorted(),
    );
  }
  const rows = await wholeOf(device, day);
  assert.deepEqual(
    [...rows.values()],
    [...clean.map(valuesOf), ...lost.map(({ signals }) => [signals['Vehicle.Speed'], null, null])],
  );
  const last = clean.at(-1) as Second;
  const { json } = await server.ask('readVehicle', { id: device.vehicleId });
  assert.deepEqual([json.position?.latitude, json.position?.longitude], valuesOf(last).slice(1));
  assert.equal(json.position?.time, new Date(last.trueMs).toISOString());
  const period = { from: String(clean[0]?.trueMs), to: String(clock.now()) };
  const gpx = await server.ask('exportHistory', { id: device.vehicleId, query: { format: 'gpx', ...period } });
  assert.equal(gpx.text.match(/<trkpt /g)?.length, clean.length);
});

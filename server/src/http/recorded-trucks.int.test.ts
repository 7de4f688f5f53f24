import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openTestServer, type TestServer } from './testing/open-test-server.ts';
import { addRecordedDevices, type RecordedDevice, type Row, type Said } from './testing/recorded-device.ts';
import { makeSettableClock, mergeEverything } from './testing/settable-clock.ts';

// Trucks that say two kinds of things, late, and with values missing. Every expected figure is counted from the file by the plain code
// below.

/** Path, lowest and highest of docs/signals.md, and steps in one unit, by the field of the file. */
const fields = {
  velocity: ['Vehicle.Speed', -150, 450, 100],
  latitude: ['Vehicle.CurrentLocation.Latitude', -90, 90, 1e7],
  longitude: ['Vehicle.CurrentLocation.Longitude', -180, 180, 1e7],
  elevation: ['Vehicle.CurrentLocation.Altitude', -500, 20_000, 10],
  heading: ['Vehicle.CurrentLocation.Heading', 0, 360, 10],
  current_load: ['Vehicle.CurrentOverallWeight', 0, 200_000, 1],
  fuel_consumption: ['Vehicle.Truck.FuelConsumption', 0, 0, 0],
} as const;
type Field = keyof typeof fields;
const isField = (name: string): name is Field => Object.hasOwn(fields, name);
/** Nobody has added this one to the vocabulary. */
const unknown: Field = 'fuel_consumption';
const paths = Object.entries(fields).flatMap(([name, [path]]) => (name === unknown ? [] : [path]));

interface Line {
  readonly kind: string;
  readonly truck: string;
  readonly timeMs: number;
  readonly values: ReadonlyMap<Field, number>;
}

const file = new URL('./testing/recorded/tsbs-iot/readings.influx.gz', import.meta.url);
const lines: readonly Line[] = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((text) => {
    const [tags = '', values = '', ns = ''] = text.split(' ');
    const [kind = ''] = tags.split(',');
    const pairs = values.split(',').map((pair) => pair.split('=') as [string, string]);
    return {
      kind,
      truck: /name=(\w+)/.exec(tags)?.[1] ?? '',
      timeMs: Number(ns.slice(0, -6)),
      values: new Map(pairs.flatMap(([name, value]) => (isField(name) ? [[name, Number.parseFloat(value)] as const] : []))),
    };
  });
const trucks = [...new Set(lines.map(({ truck }) => truck))];

/** What is to be refused, by reason, and the rows that are to be there: by truck and time, what was said first of each signal. */
const refused = { unknown_signal: 0, out_of_bounds: 0 };
const expected = new Map(trucks.map((truck) => [truck, new Map<number, (number | null)[]>()]));
const storedLines = lines.filter(({ truck, timeMs, values }) => {
  const good: [string, number][] = [];
  for (const [name, value] of values) {
    const [path, lowest, highest, steps] = fields[name];
    if (name === unknown) refused.unknown_signal++;
    else if (value < lowest || value > highest) refused.out_of_bounds++;
    else good.push([path, Math.round(value * steps) / steps]);
  }
  if (good.length === 0) return false;
  const rows = expected.get(truck) as Map<number, (number | null)[]>;
  const row = rows.get(timeMs) ?? paths.map(() => null);
  for (const [path, value] of good) row[paths.indexOf(path as (typeof paths)[number])] ??= value;
  rows.set(timeMs, row);
  return true;
}).length;
const expectedRows = (truck: string): Map<number, Row> =>
  new Map([...(expected.get(truck) as Map<number, Row>)].toSorted(([a], [b]) => a - b));

const endMs = Date.UTC(2016, 0, 1, 3);
const clock = makeSettableClock(endMs);
let server: TestServer;
let devices: Map<string, RecordedDevice>;

before(async () => {
  server = await openTestServer('recorded_trucks', {}, { clock });
  const added = await addRecordedDevices(server, trucks.length);
  devices = new Map(trucks.map((truck, i) => [truck, added[i] as RecordedDevice]));
});
after(() => server.close());

const checkAll = async (what: string): Promise<void> => {
  for (const [truck, device] of devices) {
    assert.deepEqual(await device.history(paths, 0, endMs), expectedRows(truck), `${truck}, ${what}`);
  }
};

test('the file has what the test is about', () => {
  const newest = new Map<string, number>();
  let late = 0;
  let incomplete = 0;
  for (const { truck, kind, timeMs, values } of lines) {
    if (timeMs < (newest.get(truck + kind) ?? 0)) late++;
    else newest.set(truck + kind, timeMs);
    if (values.size < (kind === 'readings' ? 6 : 1)) incomplete++;
  }
  assert.deepEqual({ lines: lines.length, late, incomplete }, { lines: 5818, late: 52, incomplete: 293 });
  assert.equal(trucks.length, 3);
});

const asSaid = ({ timeMs, values }: Line): Said => ({
  time: timeMs,
  signals: Object.fromEntries([...values].map(([name, value]) => [fields[name][0], value])),
});

test('three trucks as lines of JSON in the order of the file: late lines and missing values do no harm', {
  timeout: 300_000,
}, async () => {
  const counted = { unknown_signal: 0, out_of_bounds: 0 };
  let stored = 0;
  for (const [truck, device] of devices) {
    const own = lines.filter((line) => line.truck === truck);
    // Some in each request, and what was flushed and merged in between, so that late lines meet all that there is.
    const requests = Math.ceil(own.length / 250);
    for (let r = 0; r < requests; r++) {
      const answer = await device.sendLines(own.slice(r * 250, r * 250 + 250).map(asSaid));
      assert.deepEqual(answer.adjusted, []);
      stored += answer.stored;
      for (const { reason } of answer.rejected) counted[reason as keyof typeof counted]++;
      counted.unknown_signal += answer.rejectedMore ?? 0;
      if (r === 3) await mergeEverything(server.history, clock);
      else if (r % 2 === 0) await server.history.flush();
    }
  }
  assert.deepEqual(counted, refused);
  assert.equal(stored, storedLines);
  await checkAll('in chunks and in memory');
  await mergeEverything(server.history, clock);
  await checkAll('merged');
  assert.equal(server.history.statistics().conflictsAtMerge, 0);
});

test('steps of ten minutes count each value once', async () => {
  const stepMs = 600_000;
  for (const [truck, device] of devices) {
    const query = { signals: paths.join(','), from: '0', to: String(endMs), step: stepMs / 1000 };
    const { json } = await server.ask('readHistory', { id: device.vehicleId, query });
    assert.ok('stepMs' in json);
    for (const [p, path] of paths.entries()) {
      const counts = new Map<number, number>();
      for (const [time, row] of expectedRows(truck)) {
        const start = time - (time % stepMs);
        if (row[p] !== null) counts.set(start, (counts.get(start) ?? 0) + 1);
      }
      assert.deepEqual(
        json.columns[path]?.count,
        json.times.map((start) => counts.get(start) ?? 0),
        `${truck} ${path}`,
      );
    }
  }
});

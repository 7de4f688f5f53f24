import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { murmur3OfInt32 } from '../kernel/index.ts';
import { analyse } from './analysis.ts';
import { findCharging } from './charging.ts';
import { deriveDay } from './derive-day.ts';
import { drives } from './testing/generated-drives.ts';
import { dayMs, type Row, samplesOf } from './testing/generated-samples.ts';
import { readFrom } from './testing/recorded-samples.ts';
import type { ReadSamples, Trip, VehicleDay } from './types.ts';

const firstMs = Date.UTC(2026, 9, 5);
const vehicle = { packKwh: 50 };
/** Each takes a while: a run derives days. */
const options = { numRuns: 30, endOnFailure: true };

const daysOf = (rows: readonly Row[]): number[] => {
  const lastMs = rows.reduce((last, { timeMs }) => Math.max(last, timeMs), firstMs);
  return Array.from({ length: Math.floor((lastMs - firstMs) / dayMs) + 1 }, (_, i) => firstMs + i * dayMs);
};

const nowAfter = (rows: readonly Row[]): number => (daysOf(rows).at(-1) as number) + 5 * dayMs;

const deriveAll = (rows: readonly Row[], read: ReadSamples): Promise<VehicleDay[]> =>
  Promise.all(daysOf(rows).map((day) => deriveDay(day, read, vehicle, nowAfter(rows))));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const isNear = (a: number, b: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a)), `${what}: ${a} and ${b}`);

/** As they came in, whatever the order, some twice. */
const readUnordered =
  (rows: readonly Row[]): ReadSamples =>
  (fromMs, toMs) =>
    Promise.resolve(samplesOf(rows.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)));

test('the order in which samples come, and how often, changes nothing', async () => {
  const disordered = fc.record({ rows: drives(firstMs), seed: fc.integer() }).map(({ rows, seed }) => {
    const places = new Map(rows.map((row) => [row, murmur3OfInt32((row.timeMs / 1000) ^ seed) >>> 0]));
    const placeOf = (row: Row): number => places.get(row) as number;
    const again = rows.filter((row) => placeOf(row) % 3 === 0);
    return { rows, given: [...rows.toSorted((a, b) => placeOf(a) - placeOf(b)), ...again] };
  });
  await fc.assert(
    fc.asyncProperty(disordered, async ({ rows, given }) => {
      assert.deepEqual(await deriveAll(rows, readUnordered(given)), await deriveAll(rows, readFrom(samplesOf(rows))));
    }),
    { ...options, numRuns: 10 },
  );
});

test('late samples: deriving again is deriving all at once', async () => {
  const late = drives(firstMs).chain((rows) =>
    fc.record({ rows: fc.constant(rows), late: fc.subarray([...rows]).map((some) => new Set(some)) }),
  );
  await fc.assert(
    fc.asyncProperty(late, async ({ rows, late: some }) => {
      const known = rows.filter((row) => !some.has(row));
      const read: ReadSamples = (fromMs, toMs) => readUnordered(known)(fromMs, toMs);
      await deriveAll(rows, read);
      known.push(...some);
      assert.deepEqual(await deriveAll(rows, read), await deriveAll(rows, readFrom(samplesOf(rows))));
    }),
    { ...options, numRuns: 10 },
  );
});

const spanOf = ({ fromMs, toMs }: { fromMs: number; toMs: number }): [number, number] => [fromMs, toMs];

test('no trip, stop or charging is lost or doubled at midnight: days have what the whole has', async () => {
  await fc.assert(
    fc.asyncProperty(drives(firstMs), async (rows) => {
      const samples = samplesOf(rows);
      const days = await deriveAll(rows, readFrom(samples));
      const whole = analyse(samples, firstMs - dayMs, nowAfter(rows), nowAfter(rows));
      const { times } = whole.track;
      const spansOf = (kind: 'trip' | 'stop') =>
        whole.segments
          .filter((one) => one.kind === kind)
          .map(({ from, to }): [number, number] => [times[from] as number, times[to] as number]);
      // Longer ones are cut, and a stop is followed for a day.
      const isShort = ([fromMs, toMs]: [number, number]): boolean => toMs - fromMs < dayMs;
      const found = (pick: (day: VehicleDay) => readonly { fromMs: number; toMs: number }[]) => days.flatMap(pick).map(spanOf);
      assert.deepEqual(found(({ trips }) => trips).filter(isShort), spansOf('trip').filter(isShort));
      assert.deepEqual(found(({ stops }) => stops).filter(isShort), spansOf('stop').filter(isShort));
      // What is charged in a longer stop is followed for a day too.
      const isFollowed = ([fromMs]: [number, number]): boolean =>
        whole.segments.every(({ from, to }) => {
          const [startMs, endMs] = [times[from] as number, times[to] as number];
          return fromMs < startMs || fromMs > endMs || endMs - startMs < dayMs;
        });
      const charged = findCharging(whole, vehicle).map(spanOf);
      assert.deepEqual(found(({ charging }) => charging).filter(isFollowed), charged.filter(isFollowed));
    }),
    options,
  );
});

test('what is summed by quarters of an hour is what the trips have', async () => {
  await fc.assert(
    fc.asyncProperty(drives(firstMs), async (rows) => {
      const days = await deriveAll(rows, readFrom(samplesOf(rows)));
      const trips = days.flatMap((day): readonly Trip[] => day.trips);
      for (const day of days)
        for (const values of [day.distanceM, day.drivingMs, day.idleMs, day.energyKwh])
          assert.ok(values.length === 0 || values.length === 96);
      isNear(sum(days.flatMap(({ distanceM }) => distanceM)), sum(trips.map(({ distanceM }) => distanceM)), 'meters');
      isNear(sum(days.flatMap(({ energyKwh }) => energyKwh)), sum(trips.map(({ energyKwh }) => energyKwh ?? 0)), 'kWh');
      isNear(
        sum(days.flatMap(({ drivingMs }) => drivingMs)),
        sum(trips.map(({ fromMs, toMs, idleMs }) => toMs - fromMs - idleMs)),
        'driven ms',
      );
      const all = [...trips, ...days.flatMap((day) => day.stops)];
      // A longer stop is not followed to its end.
      if (all.every(({ fromMs, toMs }) => toMs - fromMs < dayMs))
        isNear(sum(days.flatMap(({ idleMs }) => idleMs)), sum(all.map(({ idleMs }) => idleMs)), 'idle ms');
      for (const { fromMs, toMs, distanceM } of trips) assert.ok(toMs > fromMs && distanceM >= 0);
    }),
    options,
  );
});

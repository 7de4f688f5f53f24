import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { nothingHidden } from './hidden-values.ts';
import type { QueryAnswer } from './run-query.ts';
import { Engine } from './testing/engine.ts';
import { encodeTestReport, modelRows, type TestReport } from './test-support.ts';

const startMs = Date.UTC(2026, 10, 20);
const speed = 5;
const sizes = { stepRows: 50, rowsPerChunk: 40 };

let folder: string;
let engine: Engine;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-rules-'));
});
afterEach(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

const open = (reports: readonly TestReport[]): void => {
  engine = new Engine(folder, reports.map(encodeTestReport), sizes);
};

const at = (
  second: number,
  value: number,
  fields: Partial<TestReport> & { readonly originalSecond?: number } = {},
): TestReport => {
  const { originalSecond, ...rest } = fields;
  const original = originalSecond === undefined ? {} : { original: startMs + originalSecond * 1000 };
  return {
    vehicleNo: 1,
    deviceNo: 1,
    receivedAt: startMs + second * 1000,
    samples: [{ time: startMs + second * 1000, ...original, values: [[speed, value]] }],
    ...rest,
  };
};

const dayMs = 86_400_000;
const valuesOf = async (vehicleNo = 1): Promise<unknown[]> => {
  const query = { vehicleNo, signals: [speed], fromMs: startMs - 400 * dayMs, toMs: startMs + 400 * dayMs };
  return (await engine.rows(query)).map(({ time, values }) => [(time - startMs) / 1000, values[0]]);
};

/** Each report in a flush of its own, so that only a merge brings them together. */
const storeApart = async (reports: readonly TestReport[]): Promise<void> => {
  for (let i = 0; i < reports.length; i++) {
    engine.apply(1);
    await engine.flush();
  }
};

/** The same answer before and after the merge; how many conflicts it counted. */
const conflictsOfMerge = async (expected: readonly unknown[]): Promise<number> => {
  assert.deepEqual(await valuesOf(), expected);
  const before = engine.conflicts;
  await engine.merge(100);
  assert.deepEqual(await engine.flushedChunks(), []);
  assert.deepEqual(await valuesOf(), expected);
  return engine.conflicts - before;
};

test('the first value that was stored stays; a different one is counted at the merge, an equal one is not', async () => {
  const reports = [at(0, 10), at(1, 11), at(0, 99), at(1, 11), at(0, 98)];
  open(reports);
  await storeApart(reports);
  assert.equal(
    await conflictsOfMerge([
      [0, 10],
      [1, 11],
    ]),
    2,
  );
});

test('a late value loses against one that was merged long before, and is counted', async () => {
  const reports = [at(0, 10), at(5, 15), at(0, 99), at(3, 13)];
  open(reports);
  engine.apply(2);
  await engine.flush();
  await engine.merge(100);
  engine.apply(2);
  await engine.flush();
  assert.equal(
    await conflictsOfMerge([
      [0, 10],
      [3, 13],
      [5, 15],
    ]),
    1,
  );
});

test('two devices of a vehicle may say different things of one moment: both stay, and nothing is counted', async () => {
  const reports = [at(0, 10), at(0, 20, { deviceNo: 2 })];
  open(reports);
  await storeApart(reports);
  assert.equal(
    await conflictsOfMerge([
      [0, 10],
      [0, 20],
    ]),
    0,
  );
});

test('a device that moved to another vehicle: each vehicle keeps what was said of it, late samples too', async () => {
  const reports = [at(0, 10), at(9, 19, { vehicleNo: 2 }), at(4, 14), at(0, 77, { vehicleNo: 2 })];
  open(reports);
  await storeApart(reports);
  assert.equal(
    await conflictsOfMerge([
      [0, 10],
      [4, 14],
    ]),
    0,
  );
  assert.deepEqual(await valuesOf(2), [
    [0, 77],
    [9, 19],
  ]);
});

test('a moved sample that is sent again is the same sample: the original time is its identity', async () => {
  const reports = [at(0, 10, { originalSecond: 900 }), at(20, 10, { originalSecond: 900 }), at(30, 66, { originalSecond: 900 })];
  open(reports);
  await storeApart(reports);
  assert.equal(await conflictsOfMerge([[0, 10]]), 1);
});

test('a moved sample that was sent again days later is gone after the merge, whatever period is asked for', async () => {
  const reports = [at(0, 10, { originalSecond: 900 }), at(2 * 86_400, 10, { originalSecond: 900 }), at(2 * 86_400 + 1, 12)];
  open(reports);
  await storeApart(reports);
  await engine.merge(100);
  const query = { vehicleNo: 1, signals: [speed], fromMs: startMs + dayMs, toMs: startMs + 3 * dayMs };
  assert.deepEqual(
    (await engine.rows(query)).map(({ values }) => values[0]),
    [12],
  );
});

test('late rows are merged within their own part of a month: other chunks stay as they are', async () => {
  const reports = [...Array.from({ length: 400 }, (_, i) => at(i, i)), at(25.5, 1000)];
  open(reports);
  engine.apply(400);
  await engine.flush();
  await engine.merge(100);
  const before = await engine.mergedChunks();
  engine.apply(1);
  await engine.flush();
  await engine.merge(100);
  const after = await engine.mergedChunks();
  const key = ({ firstOffset, level }: (typeof before)[number]): string => `${firstOffset}/${level}`;
  const kept = after.filter((chunk) => before.some((old) => key(old) === key(chunk)));
  assert.deepEqual([before.length, after.length, kept.length], [10, 10, 9]);
  assert.equal((await valuesOf()).length, 401);
});

test('erased times and values that are too old are removed by merges, also those that arrive later', async () => {
  const reports = [...Array.from({ length: 100 }, (_, i) => at(i, i)), at(30.5, 7), at(99.5, 8), at(10, 5, { vehicleNo: 2 })];
  open(reports);
  engine.apply(100);
  await engine.flush();
  await engine.merge(100);
  const erased = [{ vehicleNo: 1, fromMs: startMs + 20_000, toMs: startMs + 60_000 }];
  engine.setHiding({ ...nothingHidden, erased });
  await engine.merge(100);
  assert.equal((await valuesOf()).length, 60);
  engine.apply(3);
  await engine.flush();
  await engine.merge(100);
  assert.deepEqual((await valuesOf()).slice(18, 22), [
    [18, 18],
    [19, 19],
    [60, 60],
    [61, 61],
  ]);
  assert.equal((await valuesOf()).length, 61);
  const tooOld = { retentionMs: 1000 * dayMs, byGroup: { motion: 30 * dayMs } };
  engine.setHiding({ ...nothingHidden, erased, byVehicle: new Map([[1, tooOld]]) });
  await engine.merge(100);
  assert.deepEqual([await valuesOf(1), await valuesOf(2)], [[], [[10, 5]]]);
  assert.deepEqual(await engine.mergedChunks(1), []);
});

const sample = fc.tuple(
  fc.integer({ min: 0, max: 1200 }),
  fc.option(fc.integer({ min: -9, max: 9 })),
  fc.integer({ min: -500, max: 500 }),
);
const dense = fc.array(sample, { minLength: 60, maxLength: 400, size: 'max' });

const stepsOf = ({ times, steps, nextFromMs }: QueryAnswer): unknown => ({
  times: [...times],
  nextFromMs,
  steps: steps?.map((column) =>
    Object.fromEntries(Object.entries(column).map(([name, values]) => [name, Array.from(values as ArrayLike<number>)])),
  ),
});

test('steps of whole minutes are the same from roll-ups as from rows', { timeout: 300_000 }, async () => {
  open([]);
  let rolled = 0;
  await fc.assert(
    fc.asyncProperty(
      dense,
      fc.constantFrom(60_000, 120_000, 300_000),
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 30 }),
      async (list, stepMs, fromSecond, rowsMax) => {
        const inner = await mkdtemp(join(folder, 'steps-'));
        const reports = list.map(([second, other, value]) => ({
          ...at(second / 2, value),
          samples: [
            {
              time: startMs + second * 500,
              values: [[speed, value], ...(other === null ? [] : [[6, other]])] as [number, number][],
            },
          ],
        }));
        const late = Math.floor(reports.length * 0.9);
        const both = new Engine(inner, reports.map(encodeTestReport), { stepRows: 50, rowsPerChunk: 64 });
        try {
          both.apply(late);
          await both.flush();
          await both.merge(100);
          rolled += (await both.mergedChunks()).length;
          both.apply(reports.length);
          const query = { vehicleNo: 1, signals: [speed, 6], fromMs: startMs + fromSecond * 1000, toMs: startMs + 700_000 };
          assert.deepEqual(stepsOf(await both.query(query, stepMs, rowsMax)), modelSteps(reports, query, stepMs, rowsMax));
        } finally {
          await both.close();
        }
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
  assert.ok(rolled > 60, `${rolled} merged chunks`);
});

type StepQuery = Parameters<typeof modelRows>[1];

/** Steps from the rows of the plain rule. */
const modelSteps = (reports: readonly TestReport[], query: StepQuery, stepMs: number, rowsMax: number): unknown => {
  const rows = modelRows(reports, query);
  const starts = [...new Set(rows.map(({ time }) => Math.floor(time / stepMs) * stepMs))];
  const times = starts.slice(0, rowsMax);
  const steps = query.signals.map((_, s) => {
    const columns: Record<string, number[]> = { min: [], max: [], mean: [], last: [], count: [] };
    for (const start of times) {
      const within = rows.filter(({ time }) => Math.floor(time / stepMs) * stepMs === start);
      const values = within.map(({ values: all }) => all[s]).filter((value) => typeof value === 'number');
      const isAny = values.length > 0;
      columns['min']?.push(isAny ? Math.min(...values) : Number.NaN);
      columns['max']?.push(isAny ? Math.max(...values) : Number.NaN);
      columns['mean']?.push(isAny ? values.reduce((sum, value) => sum + value, 0) / values.length : Number.NaN);
      columns['last']?.push(values.at(-1) ?? Number.NaN);
      columns['count']?.push(values.length);
    }
    return columns;
  });
  return { times, nextFromMs: starts[rowsMax], steps };
};

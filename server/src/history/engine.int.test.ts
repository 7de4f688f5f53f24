import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Engine } from './testing/engine.ts';
import { encodeTestReport, modelRows, type TestReport } from './test-support.ts';

const signals = [3, 4, 9, 40_000] as const;
/** Two months, a few minutes around their border, so that times collide often. */
const borderMs = Date.UTC(2026, 10, 1);

const sample = fc.record({
  time: fc.integer({ min: borderMs - 40, max: borderMs + 40 }),
  values: fc
    .uniqueArray(
      fc.oneof(
        fc.tuple(fc.constantFrom(3, 4), fc.integer({ min: -3, max: 3 })),
        fc.tuple(fc.constant(9), fc.constantFrom('a', 'b', '')),
        fc.tuple(fc.constant(40_000), fc.constantFrom(0, 2 ** 52 - 1, -(2 ** 52) + 1)),
      ),
      { selector: ([signal]) => signal, maxLength: 4 },
    )
    .map((values) => values as [number, number | string][]),
});
/**
 * A moved sample: its original time is far ahead and shared, so that sending again is met. All in one month: of a moved sample that was
 * sent again into another month, a crash between the two files may let the later one win.
 */
const movedSample = fc
  .tuple(sample, fc.constantFrom(0, borderMs + 9e8, borderMs + 9e8 + 1))
  .map(([one, original]) =>
    original === 0 ? one : { time: borderMs + Math.abs(one.time - borderMs), values: one.values, original },
  );

/** A device reports each (signal, time) of a report once. */
const report = fc.record({
  vehicleNo: fc.constantFrom(1, 2),
  deviceNo: fc.constantFrom(7, 8),
  receivedAt: fc.integer({ min: borderMs, max: borderMs + 40 }),
  samples: fc.uniqueArray(movedSample, { selector: ({ time }) => time, maxLength: 4 }),
}) as fc.Arbitrary<TestReport>;

type Step =
  | { readonly kind: 'apply'; readonly count: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'merge'; readonly count: number }
  | { readonly kind: 'crash'; readonly filesWritten: number }
  | { readonly kind: 'crashInMerge'; readonly filesWritten: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('apply' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), filesWritten: fc.integer({ min: 0, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crashInMerge' as const), filesWritten: fc.integer({ min: 0, max: 4 }) }),
  },
);

/** So that a few rows make many chunks and steps. */
const smallSizes = { stepRows: 3, rowsPerChunk: 4 };

const withoutMoves = (one: TestReport): TestReport => ({
  ...one,
  samples: one.samples.map(({ time, values }) => ({ time, values })),
});

const perform = async (engine: Engine, one: Step): Promise<void> => {
  if (one.kind === 'apply') engine.apply(one.count);
  else if (one.kind === 'flush') await engine.flush();
  else if (one.kind === 'merge') await engine.merge(one.count);
  else if (one.kind === 'crashInMerge') await engine.crashInMerge(one.filesWritten);
  else await engine.crash(one.filesWritten);
};

const compare = async (engine: Engine, reports: readonly TestReport[]): Promise<void> => {
  const applied = reports.slice(0, engine.applied);
  // A merge knows all of a month: a moved sample that was sent again is gone also where a window shows only the later one.
  const hasMoved = reports.some(({ samples }) =>
    samples.some(({ original, time }) => original !== undefined && original !== time),
  );
  const windows = [
    [borderMs - 100, borderMs + 100],
    [borderMs - 7, borderMs + 9],
  ] as const;
  for (const [fromMs, toMs] of hasMoved ? windows.slice(0, 1) : windows) {
    const query = { vehicleNo: 1, signals, fromMs, toMs };
    assert.deepEqual(await engine.rows(query), modelRows(applied, query));
  }
};

test('any reports, flushes, merges and crashes give the answers of the plain rule', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(report, { minLength: 1, maxLength: 25 }),
      fc.array(step, { maxLength: 16 }),
      fc.boolean(),
      async (made, steps, isMoved) => {
        const reports = isMoved ? made : made.map(withoutMoves);
        const folder = await mkdtemp(join(tmpdir(), 'history-engine-'));
        const engine = new Engine(folder, reports.map(encodeTestReport), smallSizes);
        try {
          for (const one of steps) {
            await perform(engine, one);
            if (engine.applied === engine.highWater) await compare(engine, reports);
          }
          engine.apply(engine.highWater - engine.applied);
          await compare(engine, reports);
          await engine.flush();
          await compare(engine, reports);
          await engine.merge(100);
          await compare(engine, reports);
          assert.deepEqual(await engine.flushedChunks(), []);
        } finally {
          await engine.close();
          await rm(folder, { recursive: true });
        }
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 60) },
  );
});

test('pages join to the whole answer where no sample was moved', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 4 }), async (made, rowsMax) => {
      const reports = made.map(withoutMoves);
      const folder = await mkdtemp(join(tmpdir(), 'history-pages-'));
      const engine = new Engine(folder, reports.map(encodeTestReport), smallSizes);
      try {
        engine.apply(Math.ceil(reports.length / 2));
        await engine.flush();
        engine.apply(reports.length);
        const query = { vehicleNo: 1, signals, fromMs: borderMs - 100, toMs: borderMs + 100 };
        assert.deepEqual(await engine.rows(query, rowsMax), modelRows(reports, query));
      } finally {
        await engine.close();
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

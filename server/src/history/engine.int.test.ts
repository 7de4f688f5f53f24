import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { SqliteChunkStore } from './adapters/sqlite/index.ts';
import { chunksOfTable } from './flush-table.ts';
import { Memtable } from './memtable.ts';
import { MergePass } from './merge-pass.ts';
import { runQuery } from './run-query.ts';
import { encodeTestReport, makeBatch, type ModelQuery, type ModelRow, modelRows, type TestReport } from './test-support.ts';

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

class Crash extends Error {}

/** The parts of history without threads, so that a crash can be put between any two files. */
class Engine {
  readonly #folder: string;
  readonly #records: readonly Uint8Array[];
  #filesLeft = Number.POSITIVE_INFINITY;
  #store: SqliteChunkStore;
  #merging: MergePass;
  #table = new Memtable(0, 0);
  #fromOffset = 0;
  applied = 0;
  /** As far as records were applied before a crash: some of them may be in chunks already, until the log has been followed that far. */
  highWater = 0;

  constructor(folder: string, records: readonly Uint8Array[]) {
    this.#folder = folder;
    this.#records = records;
    this.#store = this.#open();
    this.#merging = new MergePass(this.#store, smallSizes);
  }

  #open(): SqliteChunkStore {
    const afterFile = (): void => {
      if (--this.#filesLeft < 0) throw new Crash();
    };
    return new SqliteChunkStore({ folder: this.#folder, groups: 2, openFilesMax: 2, afterFile }, 'write');
  }

  apply(count: number): void {
    const to = Math.min(this.#records.length, this.applied + count);
    this.#table.apply(makeBatch(this.#records, this.applied, to));
    this.applied = to;
    this.highWater = Math.max(this.highWater, to);
  }

  async flush(): Promise<void> {
    const counts = { records: 0, rows: 0, conflicts: 0, unreadable: 0 };
    const chunks = chunksOfTable(this.#table.share(), counts);
    const { nextOffset, newestReceivedAt } = this.#table;
    await this.#store.write({
      partition: 0,
      fromOffset: this.#fromOffset,
      appliedOffset: nextOffset,
      completeTo: newestReceivedAt,
      chunks,
      statusChanges: [],
    });
    assert.equal(counts.unreadable, 0);
    this.#fromOffset = nextOffset;
    this.#table = new Memtable(0, nextOffset);
  }

  /** So long after all months that everything stored is due. */
  async merge(stepsMax: number): Promise<void> {
    for (let i = 0; i < stepsMax && (await this.#merging.step(borderMs + 400 * 86_400_000)); i++);
  }

  async crashInMerge(filesWritten: number): Promise<void> {
    this.#filesLeft = filesWritten;
    await this.merge(20).catch((error: unknown) => assert.ok(error instanceof Crash));
    await this.#restart();
  }

  /** Dies after some files of a flush, and starts anew from what is on disk. */
  async crash(filesWritten: number): Promise<void> {
    this.#filesLeft = filesWritten;
    await this.flush().catch((error: unknown) => assert.ok(error instanceof Crash));
    await this.#restart();
  }

  async #restart(): Promise<void> {
    this.#filesLeft = Number.POSITIVE_INFINITY;
    await this.#store.close();
    this.#store = this.#open();
    this.#merging = new MergePass(this.#store, smallSizes);
    this.#fromOffset = (await this.#store.appliedOffset(0)) ?? 0;
    this.applied = this.#fromOffset / 10;
    this.#table = new Memtable(0, this.#fromOffset);
  }

  async rows(query: ModelQuery, stepMs?: number, rowsMax = 1000): Promise<ModelRow[]> {
    assert.equal(stepMs, undefined);
    const rows: ModelRow[] = [];
    for (let fromMs: number | undefined = query.fromMs; fromMs !== undefined; ) {
      const positions = this.#table.positionsOf(query.vehicleNo).map((position) => this.#table.recordAt(position));
      const records = new Uint8Array(Buffer.concat(positions));
      let end = 0;
      const ends = positions.map((record) => (end += record.length));
      const periods = [{ fromMs, toMs: query.toMs }];
      const answer = await runQuery(this.#store, {
        vehicleNo: query.vehicleNo,
        signals: query.signals,
        periods,
        stepMs: undefined,
        rowsMax,
        records,
        ends,
      });
      answer.times.forEach((time, row) => {
        const values = (answer.raw ?? []).map(({ numbers, texts }) =>
          texts ? (texts[row] ?? null) : Number.isNaN(numbers[row]) ? null : (numbers[row] as number),
        );
        rows.push({ time, values });
      });
      fromMs = answer.nextFromMs;
    }
    return rows;
  }

  async flushedChunks(): Promise<unknown[]> {
    const vehicles = [];
    for (const unit of await this.#store.mergeUnits()) vehicles.push(...(await this.#store.readUnit(unit, 0, 100)));
    return vehicles.flatMap(({ flushed }) => flushed);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

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

test('any reports, flushes, merges and crashes give the answers of the plain rule', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(report, { minLength: 1, maxLength: 25 }),
      fc.array(step, { maxLength: 16 }),
      fc.boolean(),
      async (made, steps, isMoved) => {
        const reports = isMoved ? made : made.map(withoutMoves);
        const folder = await mkdtemp(join(tmpdir(), 'history-engine-'));
        const engine = new Engine(folder, reports.map(encodeTestReport));
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

test('pages join to the whole answer where no sample was moved', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(report, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 4 }), async (made, rowsMax) => {
      const reports = made.map(withoutMoves);
      const folder = await mkdtemp(join(tmpdir(), 'history-pages-'));
      const engine = new Engine(folder, reports.map(encodeTestReport));
      try {
        engine.apply(Math.ceil(reports.length / 2));
        await engine.flush();
        engine.apply(reports.length);
        const query = { vehicleNo: 1, signals, fromMs: borderMs - 100, toMs: borderMs + 100 };
        assert.deepEqual(await engine.rows(query, undefined, rowsMax), modelRows(reports, query));
      } finally {
        await engine.close();
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

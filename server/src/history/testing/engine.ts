import assert from 'node:assert/strict';
import { SqliteChunkStore } from '../adapters/sqlite/index.ts';
import { copyRecords } from '../copy-records.ts';
import { chunksOfTable, makeFlushCounts } from '../flush-table.ts';
import { groupTable, type HidingRules } from '../hidden-values.ts';
import { Memtable } from '../memtable.ts';
import { MergePass, type MergeSizes } from '../merge-pass.ts';
import type { ChunkInfo } from '../ports.ts';
import { type QueryAnswer, runQuery } from '../run-query.ts';
import { makeBatch, type ModelQuery, type ModelRow } from '../test-support.ts';

/** After all months of the tests: everything stored is due to be merged. */
const farLaterMs = Date.UTC(2027, 11);

class Crash extends Error {}

/** The parts of history without threads, so that a crash can be put between any two files. */
export class Engine {
  readonly #folder: string;
  readonly #sizes: MergeSizes;
  readonly #records: readonly Uint8Array[];
  #filesLeft = Number.POSITIVE_INFINITY;
  #store: SqliteChunkStore;
  #merging: MergePass;
  #table = new Memtable();
  #fromOffset = 0;
  #nextOffset = 0;
  #newestReceivedAt = 0;
  applied = 0;
  #flushConflicts = 0;
  /** As far as records were applied before a crash: some of them may be in chunks already, until the log has been followed that far. */
  highWater = 0;

  constructor(folder: string, records: readonly Uint8Array[], sizes: MergeSizes) {
    this.#sizes = sizes;
    this.#folder = folder;
    this.#records = records;
    this.#store = this.#open();
    this.#merging = new MergePass(this.#store, this.#sizes);
  }

  #open(): SqliteChunkStore {
    const afterFile = (): void => {
      if (--this.#filesLeft < 0) throw new Crash();
    };
    return new SqliteChunkStore({ folder: this.#folder, groups: 2, openFilesMax: 2, afterFile }, 'write');
  }

  apply(count: number): void {
    const to = Math.min(this.#records.length, this.applied + count);
    const batch = makeBatch(this.#records, this.applied, to);
    this.#newestReceivedAt = Math.max(this.#newestReceivedAt, this.#table.apply(batch));
    this.#nextOffset = batch.nextOffset;
    this.applied = to;
    this.highWater = Math.max(this.highWater, to);
  }

  async flush(): Promise<void> {
    const counts = makeFlushCounts();
    const chunks = chunksOfTable(this.#table.share(), counts);
    await this.#store.write({
      partition: 0,
      fromOffset: this.#fromOffset,
      appliedOffset: this.#nextOffset,
      completeTo: this.#newestReceivedAt,
      chunks,
      statusChanges: [],
    });
    assert.equal(counts.unreadable, 0);
    this.#flushConflicts += counts.conflicts;
    this.#fromOffset = this.#nextOffset;
    this.#table = new Memtable();
  }

  /** So long after all months that everything stored is due. */
  async merge(stepsMax: number): Promise<void> {
    for (let i = 0; i < stepsMax && (await this.#merging.step(farLaterMs)); i++);
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
    this.#merging = new MergePass(this.#store, this.#sizes);
    this.#fromOffset = (await this.#store.appliedOffset(0)) ?? 0;
    this.applied = this.#fromOffset / 10;
    this.#nextOffset = this.#fromOffset;
    this.#table = new Memtable();
  }

  query(query: ModelQuery, stepMs?: number, rowsMax = 100_000): Promise<QueryAnswer> {
    const { records, ends } = copyRecords([this.#table], query.vehicleNo);
    const { vehicleNo, signals, fromMs, toMs } = query;
    return runQuery(this.#store, { vehicleNo, signals, periods: [{ fromMs, toMs }], stepMs, rowsMax, records, ends });
  }

  get conflicts(): number {
    return this.#flushConflicts + this.#merging.counts.conflicts;
  }

  setHiding(rules: HidingRules): void {
    this.#merging.setRules(
      rules,
      groupTable(() => 'motion'),
    );
  }

  async rows(query: ModelQuery, rowsMax = 1000): Promise<ModelRow[]> {
    const rows: ModelRow[] = [];
    for (let fromMs: number | undefined = query.fromMs; fromMs !== undefined; ) {
      const answer = await this.query({ ...query, fromMs }, undefined, rowsMax);
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

  async mergedChunks(vehicleNo = 1): Promise<ChunkInfo[]> {
    const vehicles = [];
    for (const unit of await this.#store.mergeUnits())
      vehicles.push(...(await this.#store.readUnit(unit, vehicleNo, vehicleNo + 1)));
    return vehicles.flatMap(({ merged }) => merged);
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

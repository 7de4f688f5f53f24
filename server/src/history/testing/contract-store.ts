import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChunkKind, encodeChunk } from '../encode-chunk.ts';
import { addToTable } from '../flush-table.ts';
import { bucketOf } from '../month-bucket.ts';
import type { ChunkFlush, ChunkPart, ChunkStore, MergeUnit, StatusChange, StoredChunk } from '../ports.ts';
import { RowTable } from '../row-table.ts';
import { encodeTestReport } from '../test-support.ts';

/** What the contract tests of stores share. */

export interface ContractStore {
  /** Opens the same store each time. */
  open(mode: 'write' | 'read'): Promise<ChunkStore>;
  remove(): Promise<void>;
}

export const startMs = Date.UTC(2026, 10, 20);
export const monthBefore = Date.UTC(2026, 9, 31);

/** A chunk of one value a time. */
export const makeChunk = (
  vehicleNo: number,
  firstOffset: number,
  times: readonly number[],
  level = 0,
  kind: ChunkKind = 'flushed',
): StoredChunk => {
  const table = new RowTable();
  const samples = times.map((time) => ({ time, values: [[7, firstOffset]] as [number, number][] }));
  const record = encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: startMs, samples });
  assert.ok(addToTable(table, record, new DataView(record.buffer), 0, record.length));
  table.finish();
  const fromMs = Math.min(...times);
  return {
    vehicleNo,
    bucket: bucketOf(fromMs),
    firstOffset,
    level,
    fromMs,
    toMs: Math.max(...times),
    rows: times.length,
    bytes: encodeChunk(table, 0, table.rows, kind),
  };
};

export const makeFlush = (
  fromOffset: number,
  appliedOffset: number,
  chunks: readonly StoredChunk[],
  statusChanges: readonly StatusChange[] = [],
): ChunkFlush & { readonly chunks: readonly StoredChunk[] } => ({
  partition: 0,
  fromOffset,
  appliedOffset,
  completeTo: startMs + appliedOffset,
  chunks: [...chunks].sort((a, b) => a.vehicleNo - b.vehicleNo || a.firstOffset - b.firstOffset || a.level - b.level),
  statusChanges,
});

export const readAll = async (
  store: ChunkStore,
  vehicleNo: number,
  fromMs = 0,
  toMs = Number.MAX_SAFE_INTEGER,
  part?: ChunkPart,
): Promise<StoredChunk[]> => {
  const chunks: StoredChunk[] = [];
  for await (const chunk of store.read(vehicleNo, fromMs, toMs, part))
    chunks.push({ ...chunk, bytes: Uint8Array.from(chunk.bytes) });
  return chunks;
};

/** Vehicles of the contract are few: the unit of one is found by asking. */
export const unitOf = async (store: ChunkStore, vehicleNo: number): Promise<MergeUnit> => {
  for (const unit of await store.mergeUnits()) {
    const isHere = (await store.readUnit(unit, vehicleNo, vehicleNo + 1)).length > 0;
    if (unit.bucket === bucketOf(startMs) && isHere) return unit;
  }
  assert.fail(`no unit has vehicle ${vehicleNo}`);
};

/** Runs a test with a store of its own. */
export const eachWithStore =
  (make: () => Promise<ContractStore>) =>
  (title: string, run: (store: ChunkStore, made: ContractStore) => Promise<void>): void => {
    void test(title, async () => {
      const made = await make();
      const store = await made.open('write');
      try {
        await run(store, made);
      } finally {
        await store.close();
        await made.remove();
      }
    });
  };

/** The process that `kill-merge.int.test.ts` kills: goes on from what is stored, flushes and merges, and says each step. */
import { SqliteChunkStore } from '../adapters/sqlite/index.ts';
import { chunksOfTable, makeFlushCounts } from '../flush-table.ts';
import { Memtable } from '../memtable.ts';
import { MergePass } from '../merge-pass.ts';
import type { ChunkStore } from '../ports.ts';
import { encodeTestReport, makeBatch, type TestReport } from '../test-support.ts';

export const vehicles = 40;
const startMs = Date.UTC(2026, 9, 31, 23, 50);
const reportsAFlush = 400;
const stepsAFlush = 6;

/** The first so many reports of the log: a sample a second of each vehicle, over the end of a month. */
export const killedReports = (count: number): TestReport[] =>
  Array.from({ length: count }, (_, i) => {
    const time = startMs + Math.floor(i / vehicles) * 1000;
    return { vehicleNo: 1 + (i % vehicles), deviceNo: 1, receivedAt: time, samples: [{ time, values: [[5, i]] }] };
  });

/** Offsets of tests are ten apart. */
export const readApplied = async (store: ChunkStore): Promise<number> => ((await store.appliedOffset(0)) ?? 0) / 10;

const run = async (folder: string): Promise<void> => {
  const store = new SqliteChunkStore({ folder, groups: 2 }, 'write');
  const merging = new MergePass(store, { stepRows: 200, rowsPerChunk: 64 });
  for (let from = await readApplied(store); ; from += reportsAFlush) {
    const to = from + reportsAFlush;
    const table = new Memtable();
    const completeTo = table.apply(makeBatch(killedReports(to).map(encodeTestReport), from, to));
    const chunks = chunksOfTable(table.share(), makeFlushCounts());
    const flush = { partition: 0, fromOffset: from * 10, appliedOffset: to * 10, completeTo };
    await store.write({ ...flush, chunks, statusChanges: [] });
    process.stdout.write('flushed\n');
    // After both months: whatever is complete is due.
    for (let i = 0; i < stepsAFlush && (await merging.step(Date.UTC(2027, 5))); i++) process.stdout.write('m\n');
  }
};

if (process.argv[3] === 'run') await run(process.argv[2] as string);

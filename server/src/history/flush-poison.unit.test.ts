import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BugError, OperationalError } from '../kernel/index.ts';
import { encodeChunk } from './encode-chunk.ts';
import { chunksOfTable, makeFlushCounts } from './flush-table.ts';
import { Memtable } from './memtable.ts';
import { encodeTestReport, makeBatch, type TestReport } from './test-support.ts';

const startMs = Date.UTC(2026, 0, 1);
const reports: readonly TestReport[] = Array.from({ length: 12 }, (_, i) => ({
  vehicleNo: 1 + (i % 3),
  deviceNo: 1,
  receivedAt: startMs + i,
  samples: [{ time: startMs + i * 1000, values: [[1, i]] }],
}));
const poisonTime = reports[4]?.samples[0]?.time ?? 0;

const makeTable = (): Memtable => {
  const table = new Memtable();
  table.apply(makeBatch(reports.map(encodeTestReport), 0, reports.length));
  return table;
};

test('a record that cannot be stored is put aside alone; the rest of its vehicle and all others are stored', () => {
  const counts = makeFlushCounts();
  const making = chunksOfTable(makeTable().share(), counts, {
    encode: (table, from, count, kind) => {
      for (let i = from; i < from + count; i++) if (table.times[i] === poisonTime) throw new BugError('this one cannot be');
      return encodeChunk(table, from, count, kind);
    },
  });
  assert.deepEqual(
    [...making].map(({ vehicleNo, rows }) => [vehicleNo, rows]),
    [
      [1, 4],
      [2, 3],
      [3, 4],
    ],
  );
  assert.deepEqual(
    counts.poison.map(({ offset, why }) => [offset, why]),
    [[40, 'this one cannot be']],
  );
  assert.deepEqual(counts.poison[0]?.record, encodeTestReport(reports[4] as TestReport));
  assert.equal(counts.unreadable, 1);
  assert.equal(counts.rows, 11);
});

test('records that can be stored alone but not together are put aside together', () => {
  const counts = makeFlushCounts();
  const making = chunksOfTable(makeTable().share(), counts, {
    encode: (table, from, count, kind) => {
      if (count > 1 && (table.times[from] as number) === startMs) throw new RangeError('too many');
      return encodeChunk(table, from, count, kind);
    },
  });
  assert.deepEqual(
    [...making].map(({ vehicleNo }) => vehicleNo),
    [2, 3],
  );
  assert.equal(counts.poison.length, 4);
});

test('what is no fault of a record fails the flush, which is tried again', () => {
  const failing = (): Uint8Array => {
    throw new OperationalError('unavailable', 'not now');
  };
  assert.throws(() => [...chunksOfTable(makeTable().share(), makeFlushCounts(), { encode: failing })], /not now/);
});

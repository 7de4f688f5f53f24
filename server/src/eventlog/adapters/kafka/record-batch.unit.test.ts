import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord, range, seqsIn } from '../../test-support.ts';
import { type FetchedBatch, recordBatchOf } from './record-batch.ts';

const batchOf = (firstOffset: number, seqs: readonly number[], attributes = 0): FetchedBatch => ({
  firstOffset: BigInt(firstOffset),
  lastOffsetDelta: seqs.length - 1,
  attributes,
  records: seqs.map((seq, offsetDelta) => ({ offsetDelta, value: makeRecord({ seq }) })),
});

test('what was fetched is one batch, from the record on that was asked for', () => {
  const batch = recordBatchOf(3, [batchOf(100, range(0, 10)), batchOf(110, range(10, 15))], 104);
  assert.ok(batch);
  assert.equal(batch.partition, 3);
  assert.deepEqual(seqsIn(batch), range(4, 15));
  assert.deepEqual([...batch.offsets], range(104, 115));
  assert.equal(batch.nextOffset, 115);
});

test('ends of transactions and removed records are passed over, and reading goes on behind them', () => {
  const removed = { ...batchOf(100, [1, 2]), records: [{ offsetDelta: 1, value: makeRecord({ seq: 2 }) }] };
  const batch = recordBatchOf(0, [removed, batchOf(102, [9], 1 << 5)], 100);
  assert.ok(batch);
  assert.deepEqual(seqsIn(batch), [2]);
  assert.equal(batch.nextOffset, 103);
});

test('nothing new is no batch', () => {
  assert.equal(recordBatchOf(0, [], 7), undefined);
  assert.equal(recordBatchOf(0, [batchOf(0, range(0, 7))], 7), undefined);
});

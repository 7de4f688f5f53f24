import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CompressionAlgorithmValue, createRecord, createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { makeRecord, range, seqsIn } from '../../test-support.ts';
import { recordBatchOf } from './record-batch.ts';

interface Message {
  readonly offsetDelta: number;
  readonly value: Uint8Array;
}

/** A batch as a broker keeps it. */
const batchOf = (firstOffset: number, messages: readonly Message[], lastOffsetDelta: number, attributes = 0): Buffer => {
  const records = messages.map(
    ({ offsetDelta, value }) =>
      createRecord({ topic: '', key: Buffer.from('key'), value: Buffer.from(value) }, offsetDelta, 0n).buffer,
  );
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(firstOffset), 0);
  head.writeInt32BE(61 - 12 + records.reduce((sum, { length }) => sum + length, 0), 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(lastOffsetDelta, 23);
  head.writeInt32BE(messages.length, 57);
  return Buffer.concat([head, ...records]);
};

const fullBatchOf = (firstOffset: number, seqs: readonly number[], attributes = 0): Buffer =>
  batchOf(
    firstOffset,
    seqs.map((seq, offsetDelta) => ({ offsetDelta, value: makeRecord({ seq }) })),
    seqs.length - 1,
    attributes,
  );

/** As the producer makes it, kept from an offset on. */
const producedAt = (firstOffset: number, values: readonly Uint8Array[], compression: CompressionAlgorithmValue): Buffer => {
  const messages = values.map((value) => ({
    topic: 'log',
    key: Buffer.alloc(4),
    value: Buffer.from(value),
    timestamp: 1_700_000_000_000n,
    headers: new Map([[Buffer.from('version'), Buffer.from('1')]]),
  }));
  const batch = Buffer.from(createRecordsBatch(messages, { compression }).buffer);
  batch.writeBigInt64BE(BigInt(firstOffset), 0);
  return batch;
};

const isControl = 1 << 5;

test('what was fetched is one batch, from the record on that was asked for', () => {
  const batch = recordBatchOf(3, Buffer.concat([fullBatchOf(100, range(0, 10)), fullBatchOf(110, range(10, 15))]), 104);
  assert.ok(batch);
  assert.equal(batch.partition, 3);
  assert.deepEqual(seqsIn(batch), range(4, 15));
  assert.deepEqual([...batch.offsets], range(104, 115));
  assert.equal(batch.nextOffset, 115);
});

test('ends of transactions and removed records are passed over, and reading goes on behind them', () => {
  const removed = batchOf(100, [{ offsetDelta: 1, value: makeRecord({ seq: 2 }) }], 1);
  const batch = recordBatchOf(0, Buffer.concat([removed, fullBatchOf(102, [9], isControl)]), 100);
  assert.ok(batch);
  assert.deepEqual(seqsIn(batch), [2]);
  assert.equal(batch.nextOffset, 103);
});

test('a batch that was cut off is left for the next time', () => {
  const [whole, cut] = [fullBatchOf(7, range(0, 3)), fullBatchOf(10, range(3, 6))];
  for (const length of [1, 60, cut.length - 1]) {
    const batch = recordBatchOf(0, Buffer.concat([whole, cut.subarray(0, length)]), 7);
    assert.ok(batch);
    assert.deepEqual(seqsIn(batch), range(0, 3));
    assert.equal(batch.nextOffset, 10);
  }
});

test('nothing new is no batch', () => {
  assert.equal(recordBatchOf(0, Buffer.alloc(0), 7), undefined);
  assert.equal(recordBatchOf(0, fullBatchOf(0, range(0, 7)), 7), undefined);
});

test('offsets beyond 32 bits', () => {
  const first = 5 * 2 ** 32 + 3_000_000_000;
  const batch = recordBatchOf(0, fullBatchOf(first, [1, 2]), first);
  assert.deepEqual([...(batch?.offsets ?? [])], [first, first + 1]);
  assert.equal(batch?.nextOffset, first + 2);
});

test('whatever was produced, compressed or not, is read from any offset on', () => {
  const value = fc.uint8Array({ minLength: 0, maxLength: 300 });
  const produced = fc.record({
    values: fc.array(value, { minLength: 1, maxLength: 20 }),
    compression: fc.constantFrom<CompressionAlgorithmValue>('none', 'none', 'gzip', 'zstd'),
  });
  fc.assert(
    fc.property(fc.array(produced, { minLength: 1, maxLength: 5 }), fc.nat(2 ** 40), fc.nat(40), (batches, first, skipped) => {
      const all = batches.flatMap(({ values }) => values);
      let at = first;
      const fetched: Buffer[] = [];
      for (const { values, compression } of batches) {
        fetched.push(producedAt(at, values, compression));
        at += values.length;
      }
      const batch = recordBatchOf(0, Buffer.concat(fetched), first + skipped);
      const expected = all.slice(skipped);
      assert.equal(batch?.count ?? 0, expected.length);
      for (const [i, one] of expected.entries()) {
        assert.equal(batch?.offsets[i], first + skipped + i);
        assert.deepEqual(Buffer.from(batch?.bytes.subarray(batch.starts[i], batch.ends[i]) ?? []), Buffer.from(one));
      }
      assert.equal(batch?.nextOffset ?? at, at);
    }),
  );
});

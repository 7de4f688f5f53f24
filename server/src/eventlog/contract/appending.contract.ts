import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RecordBatch, recordFields, virtualPartitionOf } from '../../events/index.ts';
import { append, appendRange, makeRecord, range, readAll, testEpochMs, viewOf } from '../test-support.ts';
import type { LogHarness } from './log-harness.ts';

export const testAppending = (opened: () => LogHarness): void => {
  test('what was acknowledged is there after opening again, in order and byte for byte', async () => {
    const harness = opened();
    const log = await harness.open();
    const records = range(0, 300).map((seq) => makeRecord({ seq, padding: seq % 90 }));
    const offsets = await Promise.all(records.map((record) => append(log, record)));
    await log.close();
    const again = await harness.open();
    const kept: Uint8Array[] = [];
    const keptOffsets: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const handle = (batch: RecordBatch): void => {
        for (let i = 0; i < batch.count; i++) kept.push(batch.bytes.slice(batch.starts[i], batch.ends[i]));
        keptOffsets.push(...batch.offsets.subarray(0, batch.count));
      };
      again.follow({ partition: 0, fromOffset: again.startOffset(0), handle, caughtUp: resolve, failed: reject });
    });
    assert.deepEqual(
      kept.map((bytes) => Buffer.from(bytes).toString('hex')),
      records.map((bytes) => Buffer.from(bytes).toString('hex')),
    );
    assert.deepEqual(keptOffsets, offsets);
    assert.ok(
      kept.every(
        (bytes) => recordFields.partition(viewOf(bytes), 0) === virtualPartitionOf(recordFields.vehicleNo(viewOf(bytes), 0)),
      ),
    );
    await again.close();
  });

  test('offsets are safe integers and increase, also after opening again', async () => {
    const harness = opened();
    const log = await harness.open();
    const offsets = await appendRange(log, 0, 50);
    const end = log.endOffset(0);
    await log.close();
    const again = await harness.open();
    assert.equal(again.endOffset(0), end);
    offsets.push(...(await appendRange(again, 50, 100)));
    assert.ok(offsets.every((offset, i) => Number.isSafeInteger(offset) && (i === 0 || offset > (offsets[i - 1] as number))));
    assert.ok((offsets.at(-1) as number) < again.endOffset(0));
    await again.close();
  });

  test('the bytes of a record may be reused as soon as append has answered', async () => {
    const log = await opened().open();
    const reused = new Uint8Array(makeRecord({ seq: 0 }).length);
    const appended = range(0, 40).map((seq) => {
      reused.set(makeRecord({ seq }));
      return append(log, reused);
    });
    await Promise.all(appended);
    assert.deepEqual(await readAll(log), range(0, 40));
    await log.close();
  });

  test('each listener is told once, with its own token', async () => {
    const log = await opened().open();
    const told: string[] = [];
    const tell = (name: string, token: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const appended = (toldToken: number): void => {
          told.push(`${name} ${toldToken}`);
          resolve();
        };
        assert.equal(
          log.append(makeRecord({ seq: token }), { appended, appendFailed: (_token, error) => reject(error) }, token),
          undefined,
        );
      });
    await Promise.all([tell('a', 7), tell('b', 7), tell('a', 2 ** 40)]);
    assert.deepEqual(told, ['a 7', 'b 7', `a ${2 ** 40}`]);
    await log.close();
  });

  test('a listener that throws harms no other and not the log', async () => {
    const log = await opened().open();
    const throwing = {
      appended: () => {
        throw new Error('listener');
      },
      appendFailed: () => {},
    };
    log.append(makeRecord({ seq: 0 }), throwing, 0);
    await append(log, makeRecord({ seq: 1 }));
    await append(log, makeRecord({ seq: 2 }));
    assert.equal(log.refusal(), undefined);
    assert.deepEqual(await readAll(log), [0, 1, 2]);
    await log.close();
  });

  test('a full queue is refused, and told when there is room again', async () => {
    const log = await opened().open({ pendingRecordsMax: 10 });
    const pending = Promise.all(range(0, 10).map((seq) => append(log, makeRecord({ seq }))));
    assert.equal(log.refusal(), 'queue_full');
    await assert.rejects(append(log, makeRecord({ seq: 11 })), /queue_full/);
    await new Promise<void>((resolve) => log.onWritable(resolve));
    await pending;
    await append(log, makeRecord({ seq: 12 }));
    assert.deepEqual(await readAll(log), [...range(0, 10), 12]);
    await log.close();
  });

  test('what waits for its commit is told with the time of the oldest', async () => {
    const log = await opened().open({ nowMs: testEpochMs });
    assert.equal(log.statistics().oldestPendingAt, null);
    const pending = append(log, makeRecord({ seq: 0 }));
    assert.equal(log.statistics().oldestPendingAt, testEpochMs);
    await pending;
    await new Promise(setImmediate);
    assert.equal(log.statistics().oldestPendingAt, null);
    await log.close();
  });

  test('what was heard is known up to now, without what waits for its commit', async () => {
    const harness = opened();
    const log = await harness.open({ nowMs: testEpochMs });
    assert.equal(log.knownToMs(0), testEpochMs);
    await append(log, makeRecord({ seq: 0 }));
    await log.close();
    const laterMs = testEpochMs + 100_000;
    const again = await harness.open({ nowMs: laterMs });
    assert.equal(again.knownToMs(0), laterMs);
    const pending = append(again, makeRecord({ seq: 1 }));
    assert.ok(again.knownToMs(0) <= laterMs);
    await pending;
    await again.close();
  });

  test('closing commits what is queued, then refuses', async () => {
    const harness = opened();
    const log = await harness.open();
    const pending = appendRange(log, 0, 20);
    await log.close();
    assert.equal((await pending).length, 20);
    assert.equal(log.refusal(), 'closed');
    await assert.rejects(append(log, makeRecord({ seq: 20 })), /closed/);
    const again = await harness.open();
    assert.deepEqual(await readAll(again), range(0, 20));
    await again.close();
  });
};

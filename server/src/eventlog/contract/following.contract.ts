import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RecordBatch, recordFields } from '../../events/index.ts';
import { append, appendRange, makeRecord, range, readAll, seqsIn } from '../test-support.ts';
import { type LogHarness, hear, nextTurn, untilAtEnd } from './log-harness.ts';

export const testFollowing = (opened: () => LogHarness): void => {
  test('a follower begins at any record', async () => {
    const log = await opened().open();
    const offsets: number[] = [];
    for (let from = 0; from < 200; from += 40) offsets.push(...(await appendRange(log, from, from + 40)));
    for (const first of [0, 1, 39, 40, 123, 199])
      assert.deepEqual(await readAll(log, offsets[first]), range(first, 200), `from record ${first}`);
    assert.deepEqual(await readAll(log, log.endOffset(0)), []);
    await log.close();
  });

  test('a follower of an empty log has caught up at once, and then hears what comes', async () => {
    const log = await opened().open();
    const seqs: number[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const follower = log.follow({
      partition: 0,
      fromOffset: 0,
      handle: (batch) => void seqs.push(...seqsIn(batch)),
      caughtUp: () => resolve(follower.position.offset),
      failed: reject,
    });
    assert.equal(await promise, log.endOffset(0));
    await appendRange(log, 0, 3);
    assert.deepEqual(seqs, [0, 1, 2]);
    await log.close();
  });

  test('what a follower hears has no gap and nothing twice while records come in', async () => {
    const log = await opened().open();
    await appendRange(log, 0, 500);
    const slow = hear(log, 0, nextTurn);
    const uneven = hear(log, 0, () => (slow.seqs.length % 3 === 0 ? nextTurn() : Promise.resolve()));
    const fast = hear(log, 0);
    for (let from = 500; from < 2500; from += 50) await appendRange(log, from, from + 50);
    for (const { seqs, failures, follower } of [slow, uneven, fast]) {
      await untilAtEnd(log, follower);
      await follower.stop();
      assert.deepEqual(failures, []);
      assert.deepEqual(seqs, range(0, 2500));
    }
    await log.close();
  });

  test('records of one vehicle keep the order in which they were appended', async () => {
    const log = await opened().open();
    const ofVehicle = new Map<number, number[]>();
    const { follower } = hear(log, 0);
    await follower.stop();
    for (let from = 0; from < 400; from += 100) await appendRange(log, from, from + 100);
    await new Promise<void>((resolve, reject) => {
      const handle = (batch: RecordBatch): void => {
        for (let i = 0; i < batch.count; i++) {
          const vehicleNo = recordFields.vehicleNo(batch.view, batch.starts[i] as number);
          ofVehicle.set(vehicleNo, [
            ...(ofVehicle.get(vehicleNo) ?? []),
            recordFields.seq(batch.view, batch.starts[i] as number),
          ]);
        }
      };
      log.follow({ partition: 0, fromOffset: 0, handle, caughtUp: resolve, failed: reject });
    });
    assert.equal(ofVehicle.size, 5);
    for (const seqs of ofVehicle.values())
      assert.deepEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
      );
    await log.close();
  });

  test('a synchronous read model at the tail has applied a record before its listener hears of it', async () => {
    const log = await opened().open();
    const applied = new Set<number>();
    await new Promise<void>((resolve, reject) => {
      const handle = (batch: RecordBatch): void => seqsIn(batch).forEach((seq) => applied.add(seq));
      log.follow({ partition: 0, fromOffset: 0, handle, caughtUp: resolve, failed: reject });
    });
    const seen: boolean[] = [];
    const told = range(0, 200).map((seq) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const appended = (token: number): void => {
        seen.push(applied.has(token));
        resolve();
      };
      log.append(makeRecord({ seq }), { appended, appendFailed: (_token, error) => reject(error) }, seq);
      return promise;
    });
    await Promise.all(told);
    assert.deepEqual(seen, Array(200).fill(true));
    await log.close();
  });

  test('the memory of a batch stays as it is until the handler is done, also while others are committed', async () => {
    const log = await opened().open();
    const gate = Promise.withResolvers<void>();
    const caughtUp = Promise.withResolvers<void>();
    const late: number[] = [];
    const handle = async (batch: RecordBatch): Promise<void> => {
      await gate.promise;
      late.push(...seqsIn(batch));
    };
    const follower = log.follow({ partition: 0, fromOffset: 0, handle, caughtUp: caughtUp.resolve, failed: caughtUp.reject });
    await caughtUp.promise;
    for (let from = 0; from < 500; from += 50) await appendRange(log, from, from + 50);
    gate.resolve();
    await untilAtEnd(log, follower);
    await follower.stop();
    assert.deepEqual(late, range(0, 500));
    await log.close();
  });

  test('stopping waits for the handler, and nothing is handled afterwards', async () => {
    const log = await opened().open();
    const gate = Promise.withResolvers<void>();
    const events: string[] = [];
    const caughtUp = Promise.withResolvers<void>();
    const handle = async (): Promise<void> => {
      events.push('handling');
      await gate.promise;
      events.push('handled');
    };
    const follower = log.follow({ partition: 0, fromOffset: 0, handle, caughtUp: caughtUp.resolve, failed: caughtUp.reject });
    await caughtUp.promise;
    await append(log, makeRecord({ seq: 0 }));
    const stopped = follower.stop().then(() => events.push('stopped'));
    gate.resolve();
    await stopped;
    await append(log, makeRecord({ seq: 1 }));
    assert.deepEqual(events, ['handling', 'handled', 'stopped']);
    await log.close();
  });

  test('a handler that throws ends its own following only', async () => {
    const log = await opened().open();
    const failed = Promise.withResolvers<Error>();
    const handle = (): void => {
      throw new Error('read model');
    };
    log.follow({ partition: 0, fromOffset: 0, handle, failed: failed.resolve });
    const other = hear(log, 0);
    await appendRange(log, 0, 10);
    assert.equal((await failed.promise).message, 'read model');
    await appendRange(log, 10, 20);
    assert.deepEqual(other.seqs, range(0, 20));
    assert.equal(log.refusal(), undefined);
    await log.close();
  });

  test('a reader that is ahead of the log is told that records are lost', async () => {
    const log = await opened().open();
    await appendRange(log, 0, 10);
    const failed = Promise.withResolvers<Error>();
    log.follow({ partition: 0, fromOffset: log.endOffset(0) + 1000, handle: () => {}, failed: failed.resolve });
    assert.match((await failed.promise).message, /ends at offset \d+/);
    await log.close();
  });
};

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { type RecordBatch, recordFields, virtualPartitionOf } from '../events/index.ts';
import type { EventLog, Follower } from './ports.ts';
import { append, appendRange, makeRecord, range, readAll, seqOf, seqsIn, testEpochMs, viewOf } from './test-support.ts';

export interface LogSettings {
  /** Clock of the log, ms. */
  readonly nowMs?: number;
  /** Records that may wait for a commit. */
  readonly pendingRecordsMax?: number;
  readonly retentionMs?: number;
  readonly bytesMax?: number;
}

/** One log of an adapter, with a single physical partition 0, small segments and small reads, so that a few hundred records meet all of its seams. */
export interface LogHarness {
  /** Opens the same log each time; the one before is closed. */
  open(settings?: LogSettings): Promise<EventLog>;
  remove(): Promise<void>;
}

/** Keeps what a follower hears. */
const hear = (log: EventLog, fromOffset: number, pause?: () => Promise<void>) => {
  const seqs: number[] = [];
  const failures: Error[] = [];
  const handle = async (batch: RecordBatch): Promise<void> => {
    await pause?.();
    seqs.push(...seqsIn(batch));
  };
  const follower = log.follow({
    partition: 0,
    fromOffset,
    handle: pause ? handle : (batch) => void seqs.push(...seqsIn(batch)),
    failed: (error) => failures.push(error),
  });
  return { seqs, failures, follower };
};

const untilAtEnd = async (log: EventLog, follower: Follower): Promise<void> => {
  while (follower.position.offset < log.endOffset(0)) await new Promise(setImmediate);
};

const nextTurn = (): Promise<void> => new Promise(setImmediate);

const testAppending = (opened: () => LogHarness): void => {
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

const testFollowing = (opened: () => LogHarness): void => {
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

const everything = { fromMs: 0, toMs: testEpochMs * 2, limit: 1000 };

const testReading = (opened: () => LogHarness): void => {
  test('records of a vehicle are found newest first, page by page', async () => {
    const harness = opened();
    const log = await harness.open();
    for (let from = 0; from < 400; from += 50) await appendRange(log, from, from + 50);
    await log.close();
    const again = await harness.open();
    await appendRange(again, 400, 450);
    const seqs: number[] = [];
    let before: { beforeOffset?: number } = {};
    for (;;) {
      const page = await again.readVehicle({ ...everything, vehicleNo: 3, limit: 7, ...before });
      seqs.push(...page.map(({ bytes }) => seqOf(bytes)));
      const last = page.at(-1);
      if (!last) break;
      assert.ok(page.length <= 7);
      before = { beforeOffset: last.offset };
    }
    assert.deepEqual(
      seqs,
      range(0, 450)
        .filter((seq) => seq % 5 === 2)
        .toReversed(),
    );
    assert.deepEqual(await again.readVehicle({ ...everything, vehicleNo: 99 }), []);
    await again.close();
  });

  test('only records received within the period are found, also when the clock was set back', async () => {
    const log = await opened().open();
    const receivedAt = [10, 20, 30, 5, 15, 40];
    for (const [seq, at] of receivedAt.entries())
      await append(log, makeRecord({ seq, vehicleNo: 1, receivedAt: testEpochMs + at }));
    const found = await log.readVehicle({ vehicleNo: 1, fromMs: testEpochMs + 15, toMs: testEpochMs + 30, limit: 10 });
    assert.deepEqual(
      found.map(({ bytes }) => seqOf(bytes)),
      [4, 1],
    );
    await log.close();
  });

  test('records about the server itself (vehicle 0) and vehicles with large numbers are found', async () => {
    const log = await opened().open();
    await append(log, makeRecord({ seq: 1, vehicleNo: 0 }));
    await append(log, makeRecord({ seq: 2, vehicleNo: 2_147_483_647 }));
    for (const [vehicleNo, seq] of [
      [0, 1],
      [2_147_483_647, 2],
    ] as const) {
      assert.deepEqual(
        (await log.readVehicle({ ...everything, vehicleNo })).map(({ bytes }) => seqOf(bytes)),
        [seq],
      );
    }
    await log.close();
  });

  test('positions of consumers are kept, the last one of each', async () => {
    const harness = opened();
    const log = await harness.open();
    await appendRange(log, 0, 5);
    await Promise.all([1, 2, 3].map((offset) => log.commitConsumer('export', { partition: 0, offset })));
    await log.commitConsumer('lake', { partition: 0, offset: 4 });
    await log.close();
    const again = await harness.open();
    assert.equal(await again.consumerPosition('export', 0), 3);
    assert.equal(await again.consumerPosition('lake', 0), 4);
    assert.equal(await again.consumerPosition('other', 0), undefined);
    await again.close();
  });
};

const dayMs = 86_400_000;

const testRetention = (opened: () => LogHarness): void => {
  test('records older than the retention go, younger ones stay, and a follower begins at the oldest left', async () => {
    const harness = opened();
    const log = await harness.open({ nowMs: testEpochMs, retentionMs: 14 * dayMs });
    for (let day = 0; day < 20; day++) {
      const receivedAt = testEpochMs - (20 - day) * dayMs;
      await Promise.all(range(0, 60).map((i) => append(log, makeRecord({ seq: day * 60 + i, receivedAt }))));
    }
    await log.enforceRetention();
    const left = await readAll(log, 0);
    assert.ok(log.startOffset(0) > 0);
    assert.equal(left.at(-1), 1199);
    assert.deepEqual(left, range(left[0] as number, 1200));
    assert.ok((left[0] as number) > 0 && (left[0] as number) <= 6 * 60, `begins at record ${left[0]}`);
    assert.ok((log.statistics().oldestReceivedAt as number) > testEpochMs - 16 * dayMs);
    await log.close();
    const again = await harness.open({ nowMs: testEpochMs, retentionMs: 14 * dayMs });
    assert.deepEqual(await readAll(again, 0), left);
    await again.close();
  });

  test('the oldest records go while the log is larger than it may be', async () => {
    const log = await opened().open({ bytesMax: 30_000 });
    for (let from = 0; from < 2000; from += 50) await appendRange(log, from, from + 50);
    await log.enforceRetention();
    assert.ok(log.statistics().bytes <= 30_000 && log.statistics().bytes > 10_000, `${log.statistics().bytes} bytes`);
    const left = await readAll(log, 0);
    assert.deepEqual(left, range(left[0] as number, 2000));
    await log.close();
  });

  test('a follower that reads while its records are removed goes on with the oldest left', async () => {
    const log = await opened().open({ bytesMax: 20_000 });
    for (let from = 0; from < 2000; from += 50) await appendRange(log, from, from + 50);
    const slow = hear(log, 0, nextTurn);
    await Promise.all([log.enforceRetention(), log.enforceRetention()]);
    await untilAtEnd(log, slow.follower);
    await slow.follower.stop();
    assert.deepEqual(slow.failures, []);
    assert.equal(slow.seqs.at(-1), 1999);
    assert.deepEqual(
      slow.seqs,
      [...new Set(slow.seqs)].toSorted((a, b) => a - b),
    );
    await log.close();
  });
};

/** Every promise of the port `EventLog`, for each of its adapters. */
export const eventLogContract = (name: string, makeHarness: () => Promise<LogHarness>): void => {
  describe(`event log: ${name}`, () => {
    const harnesses: LogHarness[] = [];
    let next: LogHarness;
    after(async () => {
      for (const harness of harnesses) await harness.remove();
    });
    const opened = (): LogHarness => next;
    const parts = { appending: testAppending, following: testFollowing, reading: testReading, retention: testRetention };
    for (const [part, tests] of Object.entries(parts)) {
      describe(part, () => {
        beforeEach(async () => {
          next = await makeHarness();
          harnesses.push(next);
        });
        tests(opened);
      });
    }
  });
};

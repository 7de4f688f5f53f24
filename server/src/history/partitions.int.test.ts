import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { physicalPartitionOf } from '../events/index.ts';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { everythingScope } from './fleet/test-scope.ts';
import { replicaLookMs, replicaSealedTablesMax } from './limits.ts';
import { type HistoryOptions, openHistory, type ThreadedHistory } from './open-history.ts';
import { encodeTestReport, makeBatch, type TestReport } from './test-support.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const speed = 5;
const partitions = 4;
/** The first vehicle of each partition. */
const vehicleOf = Array.from({ length: partitions }, (_, partition) => {
  let vehicleNo = 1;
  while (physicalPartitionOf(vehicleNo, partitions) !== partition) vehicleNo++;
  return vehicleNo;
});

let folder: string;
let opened: ThreadedHistory[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
});
afterEach(async () => {
  for (const history of opened) await history.abandon();
  opened = [];
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Partial<HistoryOptions> = {}): Promise<ThreadedHistory> => {
  const history = await openHistory({
    store: { adapterModule: new URL('./adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock: makeManualClock(startMs),
    logger: silentLogger,
    consentGroupOf: () => 'motion',
    failed: (error) => {
      throw error;
    },
    partitions,
    ...options,
  });
  opened.push(history);
  return history;
};

/** Reports `from` … `to` − 1 of the vehicle of a partition, one a second. */
const apply = (history: ThreadedHistory, partition: number, from: number, to: number): void => {
  const vehicleNo = vehicleOf[partition] as number;
  const reports = Array.from({ length: to }, (_, second): TestReport => {
    const time = startMs + second * 1000;
    return { vehicleNo, deviceNo: 1, receivedAt: time + partition, samples: [{ time, values: [[speed, second]] }] };
  });
  history.apply(makeBatch(reports.map(encodeTestReport), from, to, partition));
};

const read = async (history: ThreadedHistory, partition: number) => {
  const query = { vehicleNo: vehicleOf[partition] as number, signals: [speed], fromMs: startMs, toMs: startMs + 86_400_000 };
  const { times, completeTo } = await history.query(everythingScope, { ...query, rowsMax: 10_000 });
  return { rows: times.length, completeTo };
};

const offline = (partition: number) =>
  ({ vehicleNo: vehicleOf[partition] as number, at: startMs + 500, from: 'late', to: 'offline', reason: 'silent' }) as const;
const statusOf = (history: ThreadedHistory, partition: number) =>
  history.status(everythingScope, { vehicleNos: [vehicleOf[partition] as number], fromMs: 0, toMs: startMs * 2, limit: 10 });

test('each partition has its own offset, and is complete to its own moment', async () => {
  const history = await start();
  apply(history, 0, 0, 100);
  apply(history, 2, 0, 40);
  history.applyStatus([offline(2), offline(3)]);
  for (const isFlushed of [false, true]) {
    if (isFlushed) await history.flush();
    assert.deepEqual(await read(history, 0), { rows: 100, completeTo: startMs + 99_000 });
    assert.deepEqual(await read(history, 2), { rows: 40, completeTo: startMs + 39_002 });
    assert.deepEqual(await statusOf(history, 2), [offline(2)]);
    assert.deepEqual(await statusOf(history, 3), [offline(3)]);
  }
  assert.deepEqual(
    [0, 1, 2].map((partition) => history.appliedOffset(partition)),
    [1000, undefined, 400],
  );
  await history.close();

  const again = await start();
  assert.deepEqual([again.appliedOffset(0), again.appliedOffset(2)], [1000, 400]);
  assert.deepEqual(await read(again, 2), { rows: 40, completeTo: startMs + 39_002 });
  apply(again, 2, 40, 60);
  assert.equal((await read(again, 2)).rows, 60);
});

test('a replica shows what it applied, and lets it go when chunks have it', async () => {
  const clock = makeManualClock(startMs);
  const writer = await start();
  apply(writer, 0, 0, 10);
  await writer.flush();
  const replica = await start({ isReplica: true, clock, sealAgeMs: 60_000 });
  assert.equal(replica.appliedOffset(0), 100);
  for (const history of [writer, replica]) apply(history, 0, 10, 30);
  assert.deepEqual(await read(replica, 0), { rows: 30, completeTo: startMs + 29_000 });
  clock.advance(66_000);
  await nextTurn();
  assert.equal(replica.statistics().sealedTables, 1, 'it is not in chunks yet');
  assert.equal((await read(replica, 0)).rows, 30);
  await writer.flush();
  while (replica.statistics().sealedTables > 0) {
    clock.advance(replicaLookMs);
    await nextTurn();
  }
  assert.equal(replica.statistics().memtableReports, 0);
  assert.deepEqual(await read(replica, 0), { rows: 30, completeTo: startMs + 29_000 });
  assert.equal(replica.appliedOffset(0), 300);
});

test('a replica whose store does not get on shows the oldest later, and says to when it is complete', async () => {
  const clock = makeManualClock(startMs);
  const writer = await start();
  apply(writer, 0, 0, 10);
  await writer.flush();
  const replica = await start({ isReplica: true, clock, sealAgeMs: 60_000 });
  for (let i = 1; i <= replicaSealedTablesMax + 1; i++) {
    apply(replica, 0, i * 10, i * 10 + 10);
    assert.equal(replica.ready(), undefined, 'a replica never waits: live stays up to date');
    clock.advance(66_000);
  }
  assert.equal(replica.statistics().sealedTables, replicaSealedTablesMax);
  assert.deepEqual(await read(replica, 0), { rows: 90, completeTo: startMs + 9000 }, 'ten are missing, and it says so');
  apply(writer, 0, 10, 100);
  await writer.flush();
  while (replica.statistics().sealedTables > 0) {
    clock.advance(replicaLookMs);
    await nextTurn();
  }
  assert.deepEqual(await read(replica, 0), { rows: 100, completeTo: startMs + 99_000 });
});

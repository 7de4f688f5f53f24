import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { physicalPartitionOf, type RecordBatch } from '../events/index.ts';
import { makeManualClock } from '../kernel/index.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { tickLagMs } from './limits.ts';
import { aDirectory, aLive, t0, withFolder } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';
import type { Live } from './types.ts';

const scope = operatorScope(nothingPrivate);
const partitions = 4;
const vehicles = 40;
const directory = aDirectory(vehicles);
const all = Array.from({ length: vehicles }, (_, i) => i + 1);

const inPartition = (partition: number): number[] =>
  all.filter((vehicleNo) => physicalPartitionOf(vehicleNo, partitions) === partition);

/** A report of each vehicle of a partition. */
const batchOf = (partition: number, at: number, first = 0): RecordBatch => ({
  ...aBatch(
    inPartition(partition).map((vehicleNo) =>
      aReport(vehicleNo, vehicleNo, t0 + at, [
        { time: t0 + at, signals: { Speed: vehicleNo, 'Diagnostics.DTCList': [`P${vehicleNo}`] } },
      ]),
    ),
    first,
  ),
  partition,
});

const open = (folder: string, snapshotOwner: string, savedAt = t0): Live =>
  aLive(directory, folder, { partitions, snapshotOwner, clock: makeManualClock(savedAt) });

const follow = (live: Live, followed: readonly number[], at: number): { partition: number; offset: number }[] =>
  followed.map((partition) => {
    const batch = batchOf(partition, at);
    live.apply(batch);
    return { partition, offset: batch.nextOffset };
  });

const anyOffset = (wanted: readonly number[]) => wanted.map((partition) => ({ partition, offset: 1_000_000 }));
const stateOf = (live: Live, vehicleNo: number) => [live.status(scope, vehicleNo), live.latest(scope, vehicleNo)];

test('each process saves its partitions; whoever comes takes of all of them what it needs', async () => {
  await withFolder(async (folder) => {
    const [one, other] = [open(folder, 'one'), open(folder, 'other', t0 + 7000)];
    const saved = [follow(one, [0, 1], 1000), follow(other, [2, 3], 5000)];
    await one.saveSnapshot(saved[0] ?? []);
    await other.saveSnapshot(saved[1] ?? []);

    const whole = open(folder, 'api');
    const positions = await whole.loadSnapshot(anyOffset([0, 1, 2, 3]));
    assert.deepEqual(
      positions.toSorted((a, b) => a.partition - b.partition),
      saved.flat(),
    );
    for (const vehicleNo of all) {
      const owner = physicalPartitionOf(vehicleNo, partitions) < 2 ? one : other;
      assert.deepEqual(stateOf(whole, vehicleNo), stateOf(owner, vehicleNo), `vehicle ${vehicleNo}`);
      assert.equal(whole.status(scope, vehicleNo).status, 'online');
    }
    assert.equal(whole.statistics().vehicles, vehicles);

    const two = open(folder, 'two');
    assert.deepEqual(await two.loadSnapshot(anyOffset([1, 2])), [saved[1]?.[0], saved[0]?.[1]]);
    for (const vehicleNo of all) {
      const isTaken = [1, 2].includes(physicalPartitionOf(vehicleNo, partitions));
      assert.equal(two.status(scope, vehicleNo).status, isTaken ? 'online' : 'never_seen');
      assert.deepEqual(two.latest(scope, vehicleNo), isTaken ? whole.latest(scope, vehicleNo) : []);
    }
    assert.equal(two.statistics().vehicles, inPartition(1).length + inPartition(2).length);
  });
});

test('a snapshot that is ahead of the chunks of one partition is used for the others', async () => {
  await withFolder(async (folder) => {
    const live = open(folder, 'one', t0);
    const first = follow(live, [0, 1], 1000);
    await live.saveSnapshot(first);
    const second = [0, 1].map((partition) => {
      const count = inPartition(partition).length;
      const batch = batchOf(partition, 9000, count);
      live.apply(batch);
      return { partition, offset: batch.nextOffset };
    });
    const later = open(folder, 'one', t0 + 60_000);
    await later.loadSnapshot(anyOffset([0, 1]));
    for (const partition of [0, 1]) later.apply(batchOf(partition, 9000, inPartition(partition).length));
    await later.saveSnapshot(second);

    const restored = open(folder, 'one');
    const found = await restored.loadSnapshot([first[0] as (typeof first)[number], second[1] as (typeof second)[number]]);
    assert.deepEqual(found, [second[1], first[0]], 'the newest for the second, the one before for the first');
    for (const vehicleNo of inPartition(0)) assert.equal(restored.status(scope, vehicleNo).lastSeen, t0 + 1000);
    for (const vehicleNo of inPartition(1)) assert.equal(restored.status(scope, vehicleNo).lastSeen, t0 + 9000);
  });
});

test('a partition that is read later than the others finds nobody silent who was not', () => {
  const live = open('/nonexistent', 'one');
  const minutes = Array.from({ length: 10 }, (_, i) => i);
  for (const partition of [0, 1]) {
    const count = inPartition(partition).length;
    for (const minute of minutes) live.apply(batchOf(partition, minute * 60_000, minute * count));
  }
  live.tick(t0 + 9 * 60_000 + tickLagMs);
  const changes = live.takeStatusChanges();
  assert.deepEqual(new Set(changes.map(({ from, to }) => `${from} ${to}`)), new Set(['never_seen online']));
  assert.equal(changes.length, inPartition(0).length + inPartition(1).length);
  live.tick(t0 + 9 * 60_000 + 76_000 + tickLagMs);
  assert.ok(live.takeStatusChanges().every(({ at, to }) => to === 'late' && at === t0 + 9 * 60_000 + 75_000));
});

test('a snapshot of version 2 is read: two of four partitions', async () => {
  await withFolder(async (folder) => {
    const live = open(folder, 'golden');
    await live.saveSnapshot(follow(live, [0, 1], 1000));
    const [made] = await readdir(folder);
    assert.equal(made, `live-golden-000${t0}.snapshot`);
    const golden = join(import.meta.dirname, 'golden-v2');
    if (process.env['UPDATE_GOLDEN'] === '1') await cp(join(folder, made), join(golden, made));
    const restored = open(golden, 'any');
    await restored.loadSnapshot(anyOffset([0, 1, 2, 3]));
    for (const vehicleNo of all) assert.deepEqual(stateOf(restored, vehicleNo), stateOf(live, vehicleNo));
  });
});

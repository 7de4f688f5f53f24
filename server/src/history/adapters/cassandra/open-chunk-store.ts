import { OperationalError, systemClock } from '../../../kernel/index.ts';
import type { KeyframeStore } from '../../fleet/keyframe-store.ts';
import { bucketStartMs } from '../../month-bucket.ts';
import type { ChunkStore } from '../../ports.ts';
import { claimPartition, readApplied, readAppliedOffset } from './applied.ts';
import { removeAll } from './chunk-rows.ts';
import { MergeMemory } from './merge-memory.ts';
import { readMergeUnits, readUnitVehicles, replaceChunks } from './merge-units.ts';
import type { CassandraStoreOptions } from './options.ts';
import { readChunks, readMerged, scanChunks } from './read-chunks.ts';
import { readGroups } from './schema.ts';
import { openSession } from './session.ts';
import { dropStatus, readStatus, scanStatus } from './status-rows.ts';
import { type CassandraStore, meets, vehiclesOf } from './store.ts';
import { isDead } from './times.ts';
import { dropUnit, readUnits, sumTotals } from './units.ts';
import { writeFlush } from './write-flush.ts';

/** Rows of months that ended before are removed, unless they died of their age already; then what is known of them. */
const dropBefore = async (store: CassandraStore, ms: number): Promise<void> => {
  const { session, options } = store;
  for (const unit of await readUnits(session)) {
    const { bucket, group, vehicleNoMax } = unit;
    if (bucketStartMs(bucket + 1) > ms) continue;
    if (!isDead(bucket, options.retentionDays, store.now())) {
      await removeAll(session, bucket, vehiclesOf(store, group, 0, vehicleNoMax + 1));
      await dropStatus(session, bucket, vehiclesOf(store, group, 0, vehicleNoMax + 1));
    }
    await dropUnit(session, unit);
  }
};

const months = async ({ session }: CassandraStore, fromMs: number, toMs: number): Promise<number[]> => {
  const buckets = new Set((await readUnits(session)).map(({ bucket }) => bucket));
  return [...buckets].filter((bucket) => meets(bucket, fromMs, toMs)).sort((a, b) => b - a);
};

const oldestMs = async ({ session }: CassandraStore): Promise<number | undefined> => {
  const times = (await readUnits(session)).map(({ fromMs }) => fromMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
};

const statistics: (store: CassandraStore) => ReturnType<ChunkStore['statistics']> = async ({ session }) => {
  const { bytes, chunks, rows } = sumTotals((await readUnits(session)).flatMap(({ merged, flushed }) => [merged, flushed]));
  return { bytes, chunks, rows };
};

const storeOf = (store: CassandraStore, mode: 'write' | 'read'): ChunkStore => {
  const { session } = store;
  const memory = new MergeMemory();
  return {
    claim: (partition) => claimPartition(session, partition),
    write: (flush) => writeFlush(store, flush),
    read: (vehicleNo, fromMs, toMs, part = 'whole') => readChunks(store, vehicleNo, [fromMs, toMs], part),
    readStatus: (query) => readStatus(store, query),
    months: (fromMs, toMs) => months(store, fromMs, toMs),
    oldestMs: () => oldestMs(store),
    scanChunks: (scan) => scanChunks(store, scan),
    scanStatus: (scan) => scanStatus(store, scan),
    mergeUnits: () => readMergeUnits(store, memory),
    readUnit: (unit, fromVehicleNo, toVehicleNo) => readUnitVehicles(store, memory, unit, [fromVehicleNo, toVehicleNo]),
    readMerged: (keys) => readMerged(store, keys),
    replace: (unit, replacement, claim) => replaceChunks(store, memory, unit, { replacement, claim }),
    // Compaction gives back what is no longer needed.
    giveBack: () => Promise.resolve(0),
    appliedOffset: (partition) => readAppliedOffset(session, partition),
    applied: () => readApplied(session),
    dropBefore: (ms) => (mode === 'read' ? Promise.resolve() : dropBefore(store, ms)),
    statistics: () => statistics(store),
    close: () => session.close(),
  };
};

/** Loaded by the threads of history. */
export const openChunkStore = async (given: unknown, mode: 'write' | 'read'): Promise<ChunkStore> => {
  const options = given as CassandraStoreOptions;
  const session = await openSession(options);
  try {
    const groups = await readGroups(session, options);
    return storeOf({ session, options, groups, now: () => systemClock.now() }, mode);
  } catch (error) {
    await session.close();
    throw error;
  }
};

/** A keyframe is a file of one machine; here nothing is kept of them. */
export const openKeyframeStore = (): KeyframeStore => {
  throw new OperationalError('unavailable', 'history on Cassandra keeps no keyframes: keyframeRetentionMs has to be 0');
};

export const removeKeyframes = (): void => {};

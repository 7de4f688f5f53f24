import { bucketStartMs } from '../../month-bucket.ts';

const dayMs = 86_400_000;
/** Cassandra takes no longer one: 20 years. */
const ttlSecondsMax = 630_720_000;
/** What should be gone already is gone soon. */
const ttlSecondsMin = 3600;

/**
 * Seconds that something of a month is kept when it is written now, so that all of the month dies at once. 0: for ever.
 */
export const ttlSeconds = (bucket: number, retentionDays: number | undefined, nowMs: number): number => {
  if (retentionDays === undefined) return 0;
  const endMs = bucketStartMs(bucket + 1) + retentionDays * dayMs;
  return Math.max(ttlSecondsMin, Math.min(ttlSecondsMax, Math.floor((endMs - nowMs) / 1000)));
};

/** Everything of the month died of its age. */
export const isDead = (bucket: number, retentionDays: number | undefined, nowMs: number): boolean =>
  retentionDays !== undefined && bucketStartMs(bucket + 1) + retentionDays * dayMs + ttlSecondsMin * 1000 <= nowMs;

/**
 * Microseconds for what a flush writes: a day before its newest record was received. What a merge takes out is taken out at the time of the
 * merge: whatever a late flush writes again lies before that, and stays removed.
 */
export const flushTimestamp = (completeToMs: number, nowMs: number): bigint =>
  BigInt(Math.max(1, Math.min(completeToMs, nowMs) - dayMs)) * 1000n;

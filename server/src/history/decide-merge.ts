import type { HiddenValues } from './hidden-values.ts';
import { mergeAgeMsMax, mergeFlushesMax, mergeLateAfterMs, mergeRowsPerVehicle } from './limits.ts';
import { bucketStartMs } from './month-bucket.ts';
import type { MergeUnit } from './ports.ts';

export type MergeReason = 'rows' | 'flushes' | 'age' | 'monthOver' | 'hidden';

export interface MergeJob {
  readonly unit: MergeUnit;
  readonly reason: MergeReason;
  /** What is noted when a sweep is finished; undefined: flushed chunks are merged. */
  readonly sweepName: string | undefined;
}

/** Why the flushed chunks of a unit are to be merged now; undefined: they wait. */
export const reasonToMerge = (unit: MergeUnit, nowMs: number): MergeReason | undefined => {
  if (unit.flushedChunks === 0) return undefined;
  const ageMs = nowMs - unit.oldestFlushMs;
  if (bucketStartMs(unit.bucket + 1) <= nowMs) return ageMs >= mergeLateAfterMs ? 'monthOver' : undefined;
  // A vehicle mostly has one chunk in a flush.
  const vehicles = unit.flushedChunks / unit.flushes;
  if (unit.flushedRows >= vehicles * mergeRowsPerVehicle) return 'rows';
  if (unit.flushes >= mergeFlushesMax) return 'flushes';
  return ageMs >= mergeAgeMsMax ? 'age' : undefined;
};

const byNeed = (a: MergeUnit, b: MergeUnit): number => b.flushes - a.flushes || a.bucket - b.bucket || a.group - b.group;

/** What is merged next: of those that are due the one that a query has to read most of, else a month that holds what is no longer kept. */
export const decideMerge = (units: readonly MergeUnit[], hidden: HiddenValues, nowMs: number): MergeJob | undefined => {
  const due = units.filter((unit) => reasonToMerge(unit, nowMs) !== undefined).sort(byNeed)[0];
  if (due) return { unit: due, reason: reasonToMerge(due, nowMs) as MergeReason, sweepName: undefined };
  for (const unit of units) {
    const sweepName = hidden.sweepName(bucketStartMs(unit.bucket), bucketStartMs(unit.bucket + 1), nowMs);
    if (sweepName !== unit.swept && sweepName !== '') return { unit, reason: 'hidden', sweepName };
  }
  return undefined;
};

import { type ChunkStore, compareStatus, digestMonth, type HiddenValues, type StatusChange } from '../../history/index.ts';
import type { StatusDifference } from '../../history/index.ts';
import type { Directory } from '../../registry/index.ts';
import { differencesNamedMax } from './limits.ts';
import type { Compared, RebuildPoint } from './types.ts';

export interface HistoryPair {
  readonly old: ChunkStore;
  readonly fresh: ChunkStore;
  readonly point: RebuildPoint;
  readonly hidden: HiddenValues;
  readonly directory: Directory;
}

/** Numbers are never shown: a vehicle that the registry does not know has no other name. */
export const nameOf = (directory: Directory, vehicleNo: number): string =>
  directory.vehicleByNo(vehicleNo)?.id ?? 'a vehicle that the registry does not know';

const monthText = (bucket: number): string => `${1970 + Math.floor(bucket / 12)}-${String((bucket % 12) + 1).padStart(2, '0')}`;

/** Every vehicle and month that the log speaks of, value by value. What is hidden in part is left out: a sweep may have removed it from one of both. */
export const compareMonths = async (
  { old, fresh, point, hidden, directory }: HistoryPair,
  months: ReadonlyMap<number, ReadonlySet<number>>,
  progress: (percent: number) => void,
): Promise<Compared> => {
  const first: string[] = [];
  let [vehicles, compared, differences] = [0, 0, 0];
  for (const [vehicleNo, buckets] of months) {
    const keptFromMs = hidden.allKeptFromMs(vehicleNo, point.nowMs);
    const isShown = (timeMs: number): boolean => timeMs >= keptFromMs && !hidden.isErased(vehicleNo, timeMs);
    for (const bucket of buckets) {
      const before = await digestMonth(old, vehicleNo, bucket, isShown, point.offset);
      const after = await digestMonth(fresh, vehicleNo, bucket, isShown, point.offset);
      compared++;
      if (before.rows === after.rows && before.values === after.values && before.sum === after.sum) continue;
      differences++;
      if (first.length < differencesNamedMax)
        first.push(
          `${nameOf(directory, vehicleNo)}, ${monthText(bucket)}: ${before.rows} rows became ${after.rows}, ${before.values} values became ${after.values}`,
        );
    }
    progress((100 * ++vehicles) / months.size);
  }
  return { kind: 'months of vehicles', compared, differences, first };
};

const changeText = (change: StatusChange | undefined): string =>
  change ? `${change.from} to ${change.to} (${change.reason})` : 'nothing';

const statusText = (directory: Directory, { vehicleNo, at, before, after }: StatusDifference): string =>
  `${nameOf(directory, vehicleNo)}, ${new Date(at).toISOString()}: ${changeText(before)} became ${changeText(after)}`;

/** The status timelines where both were derived. */
export const compareTimelines = async (
  { old, fresh, point, hidden, directory }: HistoryPair,
  isDerived: (change: StatusChange) => boolean,
): Promise<Compared> => {
  const isCompared = (change: StatusChange): boolean => {
    const { vehicleNo, at } = change;
    return isDerived(change) && at >= hidden.allKeptFromMs(vehicleNo, point.nowMs) && !hidden.isErased(vehicleNo, at);
  };
  const { compared, differences, first } = await compareStatus(old, fresh, isCompared, differencesNamedMax);
  return { kind: 'changes of status', compared, differences, first: first.map((one) => statusText(directory, one)) };
};

import type { ConnectionStatus, StatusReason } from '@milepost/contract';
import type { StatusChangeView } from '@milepost/contract/api';
import type { Period } from '../charts/time-range.ts';

/** How long a vehicle was connected in one way, and why. */
export interface StatusStretch {
  readonly from: number;
  readonly to: number;
  readonly status: ConnectionStatus;
  readonly reason: StatusReason;
  /** It was so before the period began: `from` is not when it began. */
  readonly isCutBefore: boolean;
  /** It is so still. */
  readonly isOpen: boolean;
}

/** The status over a period from its changes, in any order; `before` is the last one before the period. */
export const statusStretches = (
  changes: readonly StatusChangeView[],
  before: StatusChangeView | undefined,
  period: Period,
): StatusStretch[] => {
  const ordered = [...changes].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const first = before ?? ordered[0];
  if (!first) return [];
  const initial = before
    ? { at: period.from, status: before.to, reason: before.reason }
    : { at: period.from, status: first.from, reason: 'none' as const };
  const starts = [
    initial,
    ...ordered.map(({ at, to, reason }) => ({ at: Math.max(period.from, Date.parse(at)), status: to, reason })),
  ];
  return starts.flatMap(({ at, status, reason }, index) => {
    const to = starts[index + 1]?.at ?? period.to;
    const isOpen = index === starts.length - 1;
    return to > at || isOpen ? [{ from: at, to: Math.max(at, to), status, reason, isCutBefore: index === 0, isOpen }] : [];
  });
};

/** ms in each status. */
export const timeByStatus = (stretches: readonly StatusStretch[]): ReadonlyMap<ConnectionStatus, number> => {
  const sums = new Map<ConnectionStatus, number>();
  for (const { status, from, to } of stretches) sums.set(status, (sums.get(status) ?? 0) + to - from);
  return sums;
};

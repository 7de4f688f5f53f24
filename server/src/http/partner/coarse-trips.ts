import { toldAtMs } from '../../events/index.ts';
import type { TimePrecision } from '@milepost/contract/api';

/** A trip, as far as it is told once a minute, an hour or a day. */
export interface DrivenTrip {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOpen: boolean;
  readonly distanceM: number;
}

/** Whole minutes, hours or days in each of which it was driven. */
export interface DrivenPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  readonly distanceM: number;
}

/**
 * What may be told of trips once a period: in which periods it was driven, and how far in those that trips have in common. Trips that share a
 * period are one, so that neither their number nor what lay between them shows; one that goes on, or whose last period is not over, is not told
 * yet. Newest first.
 */
export const coarsenTrips = (
  trips: readonly DrivenTrip[],
  time: TimePrecision,
  periodMs: number,
  nowMs: number,
): DrivenPeriod[] => {
  const told = trips
    .filter(({ isOpen }) => !isOpen)
    .map(({ fromMs, toMs, distanceM }) => ({
      fromMs: Math.floor(fromMs / periodMs) * periodMs,
      toMs: toldAtMs(toMs, time),
      distanceM,
    }))
    .toSorted((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  const periods: DrivenPeriod[] = [];
  for (const one of told) {
    const last = periods.at(-1);
    if (!last || one.fromMs >= last.toMs) periods.push(one);
    else {
      const { fromMs, toMs, distanceM } = last;
      periods[periods.length - 1] = { fromMs, toMs: Math.max(toMs, one.toMs), distanceM: distanceM + one.distanceM };
    }
  }
  return periods.filter(({ toMs }) => toMs <= nowMs).toReversed();
};

import type { StopView, TripView } from '@milepost/contract/api';
import { dayKey } from '../charts/zoned-time.ts';

export type Entry =
  | { readonly kind: 'trip'; readonly startMs: number; readonly trip: TripView }
  | { readonly kind: 'stop'; readonly startMs: number; readonly stop: StopView };

/** What began on a day of the person's clock, newest first. */
export interface ListDay {
  /** 2026-11-22 */
  readonly key: string;
  /** A moment of it, ms. */
  readonly atMs: number;
  readonly distanceKm: number;
  readonly entries: readonly Entry[];
}

const entriesOf = (trips: readonly TripView[], stops: readonly StopView[]): Entry[] => [
  ...trips.map((trip): Entry => ({ kind: 'trip', startMs: Date.parse(trip.start), trip })),
  ...stops.map((stop): Entry => ({ kind: 'stop', startMs: Date.parse(stop.start), stop })),
];

/** Trips with the stops between them, day by day, newest first. */
export const daysOf = (trips: readonly TripView[], stops: readonly StopView[], timeZone: string): ListDay[] => {
  const sorted = entriesOf(trips, stops).toSorted((a, b) => b.startMs - a.startMs);
  const days: { key: string; atMs: number; distanceKm: number; entries: Entry[] }[] = [];
  for (const entry of sorted) {
    const key = dayKey(entry.startMs, timeZone);
    let day = days.at(-1);
    if (day?.key !== key) {
      day = { key, atMs: entry.startMs, distanceKm: 0, entries: [] };
      days.push(day);
    }
    day.entries.push(entry);
    if (entry.kind === 'trip') day.distanceKm += entry.trip.distanceKm;
  }
  return days;
};

/** What was read anew in the place of what was known of the same time; `fromMs`: where the new begins. */
export const withNewest = <T extends { readonly start: string }>(
  known: readonly T[],
  fresh: readonly T[],
  fromMs: number,
): T[] => [...fresh, ...known.filter(({ start }) => Date.parse(start) < fromMs)];

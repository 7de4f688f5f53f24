import type { Trip } from './twizy-recording.ts';

/** A tracker that stores its samples takes a fix when the one before is so old, and any moment after so long, seconds. */
const apart = { fixes: 10, rows: 20 } as const;

const known = new WeakMap<Trip, readonly number[]>();

const choose = (trip: Trip): number[] => {
  const rows = [0];
  let [last, lastFix] = [0, 0];
  for (let i = 1; i < trip.rows.length; i++) {
    const isNewFix = trip.isFix[i] === 1 && i - lastFix >= apart.fixes;
    if (!isNewFix && i - last < apart.rows && i !== trip.rows.length - 1) continue;
    rows.push(i);
    last = i;
    if (trip.isFix[i] === 1) lastFix = i;
  }
  return rows;
};

/** Rows of a trip that are told of the past, in order. @param more rows that are told in any case */
export const rowsToTell = (trip: Trip, more: Iterable<number>): readonly number[] => {
  let rows = known.get(trip);
  if (!rows) {
    rows = choose(trip);
    known.set(trip, rows);
  }
  const added = [...more];
  return added.length === 0 ? rows : [...new Set([...rows, ...added])].sort((a, b) => a - b);
};

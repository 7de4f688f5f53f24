import { readCursor, writeCursor } from './cursors.ts';
import type { DerivedDay } from './deriver.ts';
import { isLeft, type LeftDay } from './known-days.ts';
import type { ActivityPage } from './reads.ts';
import { dayMs } from './store-limits.ts';

interface Began {
  readonly fromMs: number;
}

interface Listing<T extends Began> {
  /** Newest first. */
  readonly days: AsyncIterable<DerivedDay | LeftDay>;
  /** What of a day is listed, in any order. */
  readonly of: (day: DerivedDay) => readonly T[];
  readonly fromMs: number;
  /** Only what began before. */
  readonly beforeMs: number;
  readonly limit: number;
}

/** Collects a page of what began on days, newest first. */
export const listActivities = async <T extends Began>(
  listing: Listing<T>,
): Promise<Omit<ActivityPage<T>, 'completeTo'> & { readonly completeTo: number }> => {
  const { days, of, fromMs, beforeMs, limit } = listing;
  const items: T[] = [];
  let completeTo = Number.POSITIVE_INFINITY;
  for await (const day of days) {
    // What began on that day, or before, is on the next page.
    if (isLeft(day)) return { items, next: writeCursor((day.leftDay + 1) * dayMs), completeTo };
    completeTo = Math.min(completeTo, day.completeTo);
    const began = of(day).filter((item) => item.fromMs >= fromMs && item.fromMs < beforeMs);
    for (const item of began.sort((a, b) => b.fromMs - a.fromMs)) {
      if (items.length === limit) return { items, next: writeCursor((items.at(-1) as T).fromMs), completeTo };
      items.push(item);
    }
  }
  return { items, next: null, completeTo };
};

export const readBefore = (cursor: string | undefined, toMs: number): number =>
  cursor === undefined ? toMs : Math.min(toMs, readCursor(cursor));

import type { Period } from '../charts/time-range.ts';
import { startOfDay } from '../charts/zoned-time.ts';

/** What the overview shows: today, or the last so many hours. */
export const recentWords = ['today', '3', '12', '24', '72'] as const;
export type RecentWord = (typeof recentWords)[number];

export const readRecent = (text: string): RecentWord => recentWords.find((word) => word === text) ?? 'today';

/** Today begins at midnight where the person is. */
export const recentPeriod = (word: RecentWord, nowMs: number, timeZone: string): Period => {
  if (word === 'today') return { from: startOfDay(nowMs, timeZone), to: nowMs };
  return { from: nowMs - Number(word) * 3_600_000, to: nowMs };
};

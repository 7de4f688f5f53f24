import type { ReportEvery } from '@milepost/contract/api';
import type { TimeZone } from '../kernel/index.ts';
import { dayAt, dayText, weekdayOf } from './periods.ts';

export interface RunTimes {
  readonly every: ReportEvery;
  /** 1 Monday … 7 Sunday. */
  readonly weekday: number;
  readonly monthDay: number;
  readonly hour: number;
}

const dayMs = 86_400_000;
/** A month's day comes again within so many days, another hour of the day within two. */
const searchDaysMax = 64;

const isLastOfMonth = (day: number): boolean => dayText(day + 1).endsWith('-01');

const isRunDay = ({ every, weekday, monthDay }: RunTimes, day: number): boolean => {
  if (every === 'daily') return true;
  if (every === 'weekly') return weekdayOf(day) === weekday - 1;
  const dayOfMonth = Number(dayText(day).slice(8));
  return dayOfMonth === monthDay || (dayOfMonth < monthDay && isLastOfMonth(day));
};

/** The first moment after one at which it is time. An hour that clocks skip is when they have skipped it; one that they show twice, the first. */
export const nextRunMs = (times: RunTimes, zone: TimeZone, afterMs: number): number => {
  const today = dayAt(zone, afterMs);
  for (let day = today - 1; day <= today + searchDaysMax; day++) {
    if (!isRunDay(times, day)) continue;
    const { ms } = zone.momentAt(day * dayMs + times.hour * 3_600_000);
    if (ms > afterMs) return ms;
  }
  throw new Error('every schedule has a day within two months');
};

/** Of runs that were missed the last counts: the latest moment not after `nowMs` at which it was time, from `dueMs` on. */
export const latestDueMs = (times: RunTimes, zone: TimeZone, dueMs: number, nowMs: number): number => {
  // One of these days has a run: nothing before is of interest.
  let due = Math.max(dueMs, Math.min(nowMs, nextRunMs(times, zone, nowMs - searchDaysMax * dayMs)));
  for (let next = due; next <= nowMs; next = nextRunMs(times, zone, next)) due = next;
  return due;
};

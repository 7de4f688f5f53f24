import type { MileageDay } from '@milepost/contract/api';
import { dayKey, readZoned } from '../charts/zoned-time.ts';

export const daysShown = 31;

export interface ShownDay {
  /** 2026-11-22 */
  readonly key: string;
  /** Its noon, ms. */
  readonly noonMs: number;
  /** Undefined: nothing is known of it. */
  readonly day: MileageDay | undefined;
}

/** A day of the calendar so many days before another, whatever clocks do in between. */
const dayBefore = (key: string, count: number): string =>
  new Date(Date.parse(`${key}T12:00Z`) - count * 86_400_000).toISOString().slice(0, 10);

/** Midnight that begins the first of the days that are shown. */
export const firstMidnight = (nowMs: number, timeZone: string): number =>
  readZoned(`${dayBefore(dayKey(nowMs, timeZone), daysShown - 1)}T00:00`, timeZone);

/** The last days up to today, those of which nothing is known too. */
export const lastDays = (days: readonly MileageDay[], nowMs: number, timeZone: string): ShownDay[] => {
  const known = new Map(days.map((day) => [day.day, day]));
  const today = dayKey(nowMs, timeZone);
  return Array.from({ length: daysShown }, (_, n) => {
    const key = dayBefore(today, daysShown - 1 - n);
    return { key, noonMs: readZoned(`${key}T12:00`, timeZone), day: known.get(key) };
  });
};

/** A round value at or above the largest, to end an axis with: 1, 2 or 5 times a power of ten. */
export const roundTop = (value: number): number => {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 5, 10] as const).find((factor) => factor * power >= value) ?? 10) * power;
};

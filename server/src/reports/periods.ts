import type { ReportPeriod } from '@milepost/contract/api';
import { apiLimits } from '@milepost/contract/api';
import { invalidField, isTimeZone, TimeZone } from '../kernel/index.ts';

const dayMs = 86_400_000;

/** Days of a time zone, as days since 1970. */
export interface DayRange {
  readonly fromDay: number;
  /** Exclusive. */
  readonly toDay: number;
}

/** A period of a report. */
export interface ReportTime extends DayRange {
  readonly zone: TimeZone;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Of its days, how many have begun. */
  readonly daysBegun: number;
}

/** Throws `invalid_field`. */
export const readZone = (name: string): TimeZone => {
  if (!isTimeZone(name)) throw invalidField('timeZone', name, 'the IANA name of a time zone, as Europe/Madrid');
  return new TimeZone(name);
};

export const dayAt = (zone: TimeZone, ms: number): number => Math.floor(zone.localMsAt(ms) / dayMs);
export const dayStartMs = (zone: TimeZone, day: number): number => zone.momentAt(day * dayMs).ms;
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** 0 Monday … 6 Sunday: the first day of 1970 was a Thursday. */
export const weekdayOf = (day: number): number => (day + 3) % 7;

/** First day of a month, which may be before January or after December. */
const monthStart = (day: number, months: number): number => {
  const date = new Date(day * dayMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / dayMs;
};

const words: Readonly<Record<Exclude<ReportPeriod, 'custom'>, (today: number) => DayRange>> = {
  today: (today) => ({ fromDay: today, toDay: today + 1 }),
  yesterday: (today) => ({ fromDay: today - 1, toDay: today }),
  thisWeek: (today) => ({ fromDay: today - weekdayOf(today), toDay: today - weekdayOf(today) + 7 }),
  lastWeek: (today) => ({ fromDay: today - weekdayOf(today) - 7, toDay: today - weekdayOf(today) }),
  thisMonth: (today) => ({ fromDay: monthStart(today, 0), toDay: monthStart(today, 1) }),
  lastMonth: (today) => ({ fromDay: monthStart(today, -1), toDay: monthStart(today, 0) }),
};

const readDay = (field: 'from' | 'to', text: string | undefined): number => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  if (!Number.isFinite(ms) || dayText(ms / dayMs) !== text) throw invalidField(field, text, 'a day, as 2026-11-03');
  return ms / dayMs;
};

export interface PeriodWords {
  readonly period: ReportPeriod;
  readonly timeZone: string;
  /** Of a custom period: first and last day. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const rangeOf = ({ period, from, to }: PeriodWords, today: number): DayRange => {
  if (period !== 'custom') return words[period](today);
  const range = { fromDay: readDay('from', from), toDay: readDay('to', to) + 1 };
  if (range.toDay <= range.fromDay) throw invalidField('to', to, `a day not before ${from}`);
  if (range.toDay - range.fromDay > apiLimits.reportDaysMax)
    throw invalidField('to', to, `at most ${apiLimits.reportDaysMax} days`);
  return range;
};

/** The period that words mean at a moment. Throws `invalid_field`. */
export const reportTime = (asked: PeriodWords, nowMs: number): ReportTime => {
  const zone = readZone(asked.timeZone);
  const today = dayAt(zone, nowMs);
  const range = rangeOf(asked, today);
  const { fromDay, toDay } = range;
  return {
    zone,
    ...range,
    fromMs: dayStartMs(zone, fromDay),
    toMs: dayStartMs(zone, toDay),
    daysBegun: Math.max(0, Math.min(toDay, today + 1) - fromDay),
  };
};

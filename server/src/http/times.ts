import { apiLimits } from '@milepost/contract/api';
import { invalidField } from '../kernel/index.ts';

/** Moments that a Date can show. Everything that is stored lies inside. */
const dateMsMax = 8_640_000_000_000_000;

/** ISO 8601, UTC, with milliseconds. */
export const toIso = (ms: number): string => new Date(ms).toISOString();
/** null for what is open or unknown. */
export const toIsoOrNull = (ms: number | null): string | null => (ms === null || Math.abs(ms) > dateMsMax ? null : toIso(ms));

const expected = 'a time: ISO 8601 with a zone, a date, or milliseconds since 1970';
const digits = /^-?\d{1,15}$/;
const isoDate = /^\d{4}-\d{2}-\d{2}$/;
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Reads a time of a request into ms. A date is its start in UTC. Throws `invalid_field`. */
export const readTime = (field: string, value: string | number): number => {
  if (typeof value === 'number') return value;
  if (digits.test(value)) return Number(value);
  const ms = isoTime.test(value) || isoDate.test(value) ? Date.parse(value) : Number.NaN;
  // Date.parse turns the 31st of February into March: a day must come out as it went in.
  const day = value.slice(0, 10);
  const isRealDay = Number.isFinite(Date.parse(day)) && toIso(Date.parse(day)).startsWith(day);
  if (!Number.isFinite(ms) || !isRealDay) throw invalidField(field, value, expected);
  return ms;
};

export interface Period {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
}

/** Reads `from` and `to`; what is not given is what `defaults` says. */
export const readPeriod = (
  query: { readonly from?: string; readonly to?: string },
  defaults: (from: number | undefined, to: number | undefined) => Period,
): Period => {
  const from = query.from === undefined ? undefined : readTime('from', query.from);
  const to = query.to === undefined ? undefined : readTime('to', query.to);
  const period = defaults(from, to);
  if (period.fromMs >= period.toMs)
    throw invalidField(
      'to',
      query.to ?? toIso(period.toMs),
      `a time after from (${toIsoOrNull(period.fromMs) ?? 'the beginning'})`,
    );
  return period;
};

const defaultMs = 31 * 86_400_000;

/** For `readPeriod`: the last 31 days, or the 31 days before or after the end that is given. */
export const lastDays =
  (nowMs: number) =>
  (from: number | undefined, to: number | undefined): Period => {
    const endMs = to ?? (from === undefined ? nowMs : Math.max(nowMs, from + 1)) + apiLimits.historyAheadMs;
    return { fromMs: Math.max(0, from ?? endMs - defaultMs), toMs: endMs };
  };

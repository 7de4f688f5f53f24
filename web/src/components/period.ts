/** Periods that end now, by their words in the address. */
export const lastPeriods = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } as const;
export type LastPeriod = keyof typeof lastPeriods;
export const lastPeriodWords = Object.keys(lastPeriods) as readonly LastPeriod[];

/** As the address holds it: a word, or moments of ISO 8601 in UTC, so that it means the same to everybody. All empty: any time. */
export interface PeriodChoice {
  readonly last: string;
  readonly from: string;
  readonly to: string;
}

const isMoment = (text: string): boolean => text !== '' && Number.isFinite(Date.parse(text));

/** From when to when to ask, ms; what is not given is open. What the address says wrongly counts as not said. */
export const periodOf = ({ last, from, to }: PeriodChoice, nowMs: number): { readonly from?: string; readonly to?: string } => {
  const word = lastPeriodWords.find((known) => known === last);
  if (word) return { from: new Date(nowMs - lastPeriods[word]).toISOString() };
  const [start, end] = [from, to].map((text) => (isMoment(text) ? new Date(text).toISOString() : undefined));
  // An end before the start is no period: the start alone counts.
  const isEnd = end !== undefined && (start === undefined || end > start);
  return { ...(start ? { from: start } : {}), ...(isEnd ? { to: end } : {}) };
};

const fieldLength = 'yyyy-mm-ddThh:mm'.length;

/** What the clocks of a zone show, as if it were UTC, ms. */
const wallMs = (ms: number, timeZone: string): number => {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
};

/** For a field of the browser, which shows what clocks show and knows no zone. */
export const toLocalField = (moment: string, timeZone: string): string =>
  isMoment(moment) ? new Date(wallMs(Date.parse(moment), timeZone)).toISOString().slice(0, fieldLength) : '';

/** Of an hour that a zone has twice it is the first; of one that it leaves out, one beside it. */
export const fromLocalField = (field: string, timeZone: string): string => {
  const wall = Date.parse(`${field}Z`);
  if (!Number.isFinite(wall)) return '';
  // The zone is as far from UTC then as it is a moment that is at most a change of clocks away.
  const near = wall - (wallMs(wall, timeZone) - wall);
  return new Date(wall - (wallMs(near, timeZone) - near)).toISOString().replace(':00.000Z', 'Z');
};

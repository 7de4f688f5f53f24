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

const pad = (value: number): string => String(value).padStart(2, '0');

/** For a field of the browser, which shows local time without a zone. */
export const toLocalField = (moment: string): string => {
  if (!isMoment(moment)) return '';
  const at = new Date(moment);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
};
export const fromLocalField = (field: string): string => {
  const ms = new Date(field).getTime();
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(':00.000Z', 'Z') : '';
};

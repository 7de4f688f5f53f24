/** Days and clocks of a time zone, where the platform has only those of the browser. */

const formats = new Map<string, Intl.DateTimeFormat>();
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known) return known;
  const two = '2-digit' as const;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
    hourCycle: 'h23',
  });
  formats.set(timeZone, made);
  return made;
};

/** As a field for date and time has it: 2026-11-22T14:05. */
export const writeZoned = (ms: number, timeZone: string): string => {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? '';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
};

/** A day as the API names it: 2026-11-22. */
export const dayKey = (ms: number, timeZone: string): string => writeZoned(ms, timeZone).slice(0, 10);

/** How far the clocks of a zone are ahead of UTC at a moment, ms. */
const offsetMs = (ms: number, timeZone: string): number => {
  const minute = Math.floor(ms / 60_000) * 60_000;
  return Date.parse(`${writeZoned(minute, timeZone)}Z`) - minute;
};

/** The moment at which clocks of a zone show a time; when they show it twice the first, when never the one after the leap. */
export const readZoned = (text: string, timeZone: string): number => {
  const asUtc = Date.parse(`${text}Z`);
  if (!Number.isFinite(asUtc)) return Number.NaN;
  const before = asUtc - offsetMs(asUtc - 86_400_000, timeZone);
  const after = asUtc - offsetMs(asUtc + 86_400_000, timeZone);
  const isShown = (ms: number): boolean => offsetMs(ms, timeZone) === asUtc - ms;
  return isShown(after) && !isShown(before) ? after : before;
};

/** Midnight before a moment. */
export const startOfDay = (ms: number, timeZone: string): number => readZoned(`${dayKey(ms, timeZone)}T00:00`, timeZone);

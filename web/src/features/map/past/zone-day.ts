const formats = new Map<string, Intl.DateTimeFormat>();
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known) return known;
  const digits = '2-digit' as const;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
    second: digits,
  });
  formats.set(timeZone, made);
  return made;
};

/** What the clocks of a zone show, as if it were UTC. */
const wallMs = (ms: number, timeZone: string): number => {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<string, number>;
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** The day of a moment in a zone: `2026-11-22`. */
export const dayOf = (ms: number, timeZone: string): string => new Date(wallMs(ms, timeZone)).toISOString().slice(0, 10);

/** When a day begins in a zone: midnight, or when clocks are set at midnight the first moment after it. */
export const startOf = (day: string, timeZone: string): number => {
  const midnight = Date.parse(day);
  const guess = midnight - (wallMs(midnight, timeZone) - midnight);
  const exact = guess - (wallMs(guess, timeZone) - midnight);
  return dayOf(exact, timeZone) < day ? guess : exact;
};

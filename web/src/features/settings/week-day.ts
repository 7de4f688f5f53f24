const mondayMs = Date.UTC(2024, 0, 1);
const dayMs = 86_400_000;

/** The name of a weekday, 1 Monday … 7 Sunday. */
export const weekdayName = (locale: string, day: number): string =>
  new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' }).format(mondayMs + (day - 1) * dayMs);

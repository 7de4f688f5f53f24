/** A day of a report, `2026-11-09`, as people say it: a day has no time zone of its own. */
export const dayName = (locale: string, day: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short' }).format(Date.parse(day));

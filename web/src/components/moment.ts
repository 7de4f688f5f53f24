/** Times and lists as the page's language writes them. Its language is that of the document. */
const language = (): string => document.documentElement.lang || 'en';

/** `3 Nov, 14:05`; the year when it is another one. */
export const momentText = (at: string | number): string => {
  const date = new Date(at);
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const options: Intl.DateTimeFormatOptions = {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  };
  return date.toLocaleString(language(), isThisYear ? options : { ...options, year: 'numeric' });
};

/** `3 November 2026, 14:05:09` */
export const exactMomentText = (at: string | number): string =>
  new Date(at).toLocaleString(language(), { dateStyle: 'long', timeStyle: 'medium' });

const steps = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** How long something took, in the largest unit of which it is more than two. */
export const durationText = (ms: number): string => {
  const [unit, unitMs] = steps.find(([, stepMs]) => ms >= 2 * stepMs) ?? ['second', 1000];
  return new Intl.NumberFormat(language(), { style: 'unit', unit, unitDisplay: 'short' }).format(Math.floor(ms / unitMs));
};

/** `a, b and c` */
export const listText = (names: readonly string[]): string =>
  new Intl.ListFormat(language(), { type: 'conjunction' }).format(names);

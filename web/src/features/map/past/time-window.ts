/** Stretches of time that the slider reaches over, by the word that stands in the address; else a day: `2026-11-22`. */
export const spans = { '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;
export type Span = keyof typeof spans;
export const spanWords = Object.keys(spans) as readonly Span[];
export const spanDefault: Span = '6h';

export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const isSpan = (word: string): word is Span => Object.hasOwn(spans, word);
export const isDay = (word: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(word) && Number.isFinite(Date.parse(word));

/** As in the address; anything else stands for the default. */
export const readSpan = (word: string): string => (isSpan(word) || isDay(word) ? word : spanDefault);

/** Midnight of a day, told by whoever knows the time zone. */
export type StartOfDay = (day: string) => number;

/** What the slider reaches over. A moment that lies before it, as in an address that somebody sent, is in the middle. */
export const windowOf = (word: string, atMs: number | null, nowMs: number, startOfDay: StartOfDay): TimeWindow => {
  if (isDay(word)) {
    const fromMs = startOfDay(word);
    const toMs = Math.min(nowMs, startOfDay(dayAfter(word)));
    if (fromMs < toMs && (atMs === null || (atMs >= fromMs && atMs <= toMs))) return { fromMs, toMs };
  }
  const spanMs = spans[isSpan(word) ? word : '24h'];
  const toMs = atMs === null || atMs >= nowMs - spanMs ? nowMs : Math.min(nowMs, atMs + spanMs / 2);
  return { fromMs: toMs - spanMs, toMs };
};

const dayAfter = (day: string): string => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

/** A past second as the address has it; undefined: none, which is now. */
export const readMoment = (text: string): number | undefined => {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
};
export const writeMoment = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');

const tickStepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * 60_000);

/** Times to write under the slider: round ones, counted from a midnight, not more than fit. */
export const ticksOf = ({ fromMs, toMs }: TimeWindow, countMax: number, midnightMs: number): number[] => {
  const step = tickStepsMs.find((candidate) => (toMs - fromMs) / candidate <= countMax) ?? (tickStepsMs.at(-1) as number);
  const ticks: number[] = [];
  for (let at = midnightMs + Math.ceil((fromMs - midnightMs) / step) * step; at <= toMs; at += step) ticks.push(at);
  return ticks;
};

/** How far one press of an arrow goes, in ms: a second, with Shift ten, with Ctrl or by Page a minute. */
export const keyStepMs = ({ key, shiftKey, ctrlKey }: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey'>): number => {
  const sign = { ArrowLeft: -1, ArrowDown: -1, PageDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 1 }[key];
  if (sign === undefined) return 0;
  if (key.startsWith('Page') || ctrlKey) return sign * 60_000;
  return sign * (shiftKey ? 10_000 : 1000);
};

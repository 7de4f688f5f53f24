/** A period, ms since 1970: start inclusive, end exclusive. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Periods that end now, by the word that stands in the address. */
export const presets = {
  '1h': hourMs,
  '6h': 6 * hourMs,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
} as const;
export type Preset = keyof typeof presets;
export const presetWords = Object.keys(presets) as readonly Preset[];

/** What is looked at: the last so long, or from one moment to another. */
export type TimeRange = { readonly preset: Preset } | Period;

/** Shorter than this nothing more can be seen. */
export const shortestMs = 1000;
/** Longer than history is kept anywhere. */
export const longestMs = 10 * 366 * dayMs;

export const isPreset = (range: TimeRange): range is { readonly preset: Preset } => 'preset' in range;

const readMoment = (text: string): number => {
  const ms = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(ms) ? ms : Number.NaN;
};

/** From the address; what does not fit there is the default. */
export const readRange = (words: { range: string; from: string; to: string }, byDefault: Preset): TimeRange => {
  const from = readMoment(words.from);
  const to = readMoment(words.to);
  if (to - from >= shortestMs && to - from <= longestMs) return { from, to };
  return { preset: Object.hasOwn(presets, words.range) ? (words.range as Preset) : byDefault };
};

/** A moment as the address has it: without ms when there are none. */
export const writeMoment = (ms: number): string => new Date(Math.round(ms)).toISOString().replace('.000Z', 'Z');

export const writeRange = (range: TimeRange, byDefault: Preset): { range: string; from: string; to: string } => {
  if (!isPreset(range)) return { range: '', from: writeMoment(range.from), to: writeMoment(range.to) };
  return { range: range.preset === byDefault ? '' : range.preset, from: '', to: '' };
};

export const periodOf = (range: TimeRange, nowMs: number): Period =>
  isPreset(range) ? { from: nowMs - presets[range.preset], to: nowMs } : range;

const bounded = (from: number, to: number, nowMs: number): Period => {
  const length = Math.min(longestMs, Math.max(shortestMs, to - from));
  const end = Math.min((from + to + length) / 2, nowMs);
  return { from: Math.round(end - length), to: Math.round(end) };
};

/** A longer or shorter period around a moment of it; it does not reach into the future. */
export const zoomed = ({ from, to }: Period, factor: number, around: number, nowMs: number): Period =>
  bounded(around - (around - from) * factor, around + (to - around) * factor, nowMs);

/** The period before or after, half of it shared. */
export const moved = ({ from, to }: Period, share: number, nowMs: number): Period => {
  const by = (to - from) * share;
  return bounded(from + by, to + by, nowMs);
};

import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { rowAt } from './samples.ts';
import type { Segment } from './segments.ts';

/** A charging session by rows of the samples, both inclusive. */
export interface Session {
  readonly stop: Segment;
  readonly from: number;
  readonly to: number;
  /** Nothing says that it ended. */
  readonly isOpen: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly isOpen: boolean;
}

/** Rows of a stop. What follows the last node, which says nothing about movement, belongs to the last stop. */
export const rowsOfStop = ({ samples, track }: Analysis, { from, to, isLast }: Segment): { first: number; last: number } => ({
  first: track.rows[from] as number,
  last: isLast ? samples.times.length - 1 : (track.rows[to] as number),
});

/** While the vehicle says that it charges: two such rows are one session unless they are further apart than the context. */
const findStated = ({ samples }: Analysis, first: number, last: number, isLast: boolean): Span[] => {
  const { times, isCharging } = samples;
  const spans: Span[] = [];
  let [from, latest] = [-1, -1];
  const close = (to: number, isOpen: boolean): void => {
    if (from >= 0) spans.push({ from, to, isOpen });
    from = -1;
  };
  for (let row = first; row <= last; row++) {
    if (isCharging[row] !== isCharging[row] || (isCharging[row] === 0 && from < 0)) continue;
    const ms = from < 0 ? 0 : (times[row] as number) - (times[latest] as number);
    if (isCharging[row] === 0) close(ms <= tripLimits.stateHoldMs ? row : latest, false);
    else {
      if (ms > tripLimits.contextMs) close(latest, false);
      if (from < 0) from = row;
      latest = row;
    }
  }
  close(latest, isLast);
  return spans;
};

/** Levels of a stop: percent, else kWh. */
const readLevels = ({ samples }: Analysis, first: number, last: number) => {
  const rowsWith = (column: Float64Array): number[] => {
    const rows: number[] = [];
    for (let row = first; row <= last; row++) if (column[row] === column[row]) rows.push(row);
    return rows;
  };
  const percents = rowsWith(samples.energyPercent);
  if (percents.length >= 2) return { rows: percents, values: samples.energyPercent, riseMin: tripLimits.chargingPercentMin };
  return { rows: rowsWith(samples.energyKwh), values: samples.energyKwh, riseMin: tripLimits.chargingKwhMin };
};

/** For each row, when the vehicle last said that it does not charge; −∞: it says otherwise, or nothing. */
const findDenials = ({ samples }: Analysis, first: number, last: number): Float64Array => {
  const denials = new Float64Array(last - first + 1);
  let at = Number.NEGATIVE_INFINITY;
  for (let row = first; row <= last; row++) {
    const state = samples.isCharging[row] as number;
    if (state === state) at = state === 0 ? (samples.times[row] as number) : Number.NEGATIVE_INFINITY;
    denials[row - first] = at;
  }
  return denials;
};

/**
 * While the level rises, where nothing says that it is not charged. Rises belong together that are no further apart than the context; each is
 * judged by its own two readings, so that a session is the same wherever reading began.
 */
const findRises = (analysis: Analysis, first: number, last: number, isLast: boolean): Span[] => {
  const { times } = analysis.samples;
  const { rows, values, riseMin } = readLevels(analysis, first, last);
  const denials = findDenials(analysis, first, last);
  const spans: Span[] = [];
  /** Of the session at hand, by readings: its start and its last rise. */
  let [start, top] = [-1, -1];
  const levelOf = (k: number): number => values[rows[k] as number] as number;
  const timeOf = (k: number): number => times[rows[k] as number] as number;
  const close = (): void => {
    if (start < 0) return;
    let from = start;
    // Wavering before it is none of it.
    for (let k = start; k < top; k++) if (levelOf(k) <= levelOf(start) + tripLimits.levelNoise) from = k;
    if (levelOf(top) - levelOf(start) >= riseMin)
      spans.push({
        from: rows[from] as number,
        to: rows[top] as number,
        isOpen: isLast && top === rows.length - 1 && levelOf(top) < 100,
      });
    start = -1;
  };
  for (let k = 1; k < rows.length; k++) {
    const ms = timeOf(k) - timeOf(k - 1);
    const change = levelOf(k) - levelOf(k - 1);
    const isDenied = timeOf(k) - (denials[(rows[k] as number) - first] as number) <= tripLimits.silenceMs;
    const isBroken = isDenied && ms <= tripLimits.silenceMs;
    if (isBroken || ms >= tripLimits.tripMsMax || change < -tripLimits.levelNoise) close();
    else if (change > 0) {
      if (start >= 0 && k - 1 > top && timeOf(k) - timeOf(top) > tripLimits.contextMs) close();
      if (start < 0) start = k - 1;
      top = k;
    }
  }
  close();
  return spans;
};

/** Those that touch or overlap are one. */
const merge = (spans: readonly Span[]): Span[] => {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (!last || span.from > last.to) merged.push(span);
    else if (span.to >= last.to)
      merged[merged.length - 1] = { ...last, to: span.to, isOpen: span.isOpen || (last.isOpen && span.to === last.to) };
  }
  return merged;
};

/** All times in which it was charged while it stood, in order. */
export const findSessions = (analysis: Analysis): Session[] =>
  analysis.segments.flatMap((stop) => {
    if (stop.kind !== 'stop') return [];
    const { first, last } = rowsOfStop(analysis, stop);
    const spans = merge([...findStated(analysis, first, last, stop.isLast), ...findRises(analysis, first, last, stop.isLast)]);
    return spans.filter(({ from, to, isOpen }) => to > from || isOpen).map((span) => ({ stop, ...span }));
  });

/**
 * Whether a session that seems to begin on a day may have begun before it: with the first level of all that was read, after a silence.
 */
export const mayHaveBegunBefore = (analysis: Analysis, dayMs: number): boolean => {
  const { times, energyPercent, energyKwh } = analysis.samples;
  const dayRow = rowAt(times, dayMs);
  for (let row = 0; row < dayRow; row++)
    if (energyPercent[row] === energyPercent[row] || energyKwh[row] === energyKwh[row]) return false;
  const [session] = findSessions(analysis).filter(({ from }) => from >= dayRow);
  if (!session) return false;
  for (let row = dayRow; row < session.from; row++)
    if (energyPercent[row] === energyPercent[row] || energyKwh[row] === energyKwh[row]) return false;
  return true;
};

import type { SignalValue } from '@milepost/contract';
import type { HistoryView, StepHistoryView } from '@milepost/contract/api';

export interface SeriesPoint {
  /** Where it stands in time, ms: the sample's, or the middle of its step. */
  readonly time: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

export const isSteps = (history: HistoryView | StepHistoryView): history is StepHistoryView => 'stepMs' in history;

/** Width of what a point stands for: its step, or nothing when it is a sample. */
export const stepMsOf = (history: HistoryView | StepHistoryView): number => (isSteps(history) ? history.stepMs : 0);

const stepPoints = (history: StepHistoryView, path: string): SeriesPoint[] => {
  const column = history.columns[path];
  if (!column) return [];
  return history.times.flatMap((start, row) => {
    const mean = column.mean?.[row];
    if (mean === null || mean === undefined) return [];
    return [{ time: start + history.stepMs / 2, mean, min: column.min?.[row] ?? mean, max: column.max?.[row] ?? mean }];
  });
};

const samplePoints = (history: HistoryView, path: string): SeriesPoint[] => {
  const column = history.columns[path] ?? [];
  return history.times.flatMap((time, row) => {
    const value = column[row];
    return typeof value === 'number' ? [{ time, mean: value, min: value, max: value }] : [];
  });
};

/** The numbers of one signal; where it said nothing there is no point. */
export const seriesOf = (history: HistoryView | StepHistoryView, path: string): SeriesPoint[] =>
  isSteps(history) ? stepPoints(history, path) : samplePoints(history, path);

/** Starts of the steps, or times of the samples, in which a signal said something. */
export const timesOf = (history: HistoryView | StepHistoryView, path: string): number[] => {
  if (isSteps(history)) {
    const counts = history.columns[path]?.count ?? [];
    return history.times.filter((_, row) => (counts[row] ?? 0) > 0);
  }
  const column = history.columns[path] ?? [];
  return history.times.filter((_, row) => column[row] !== null && column[row] !== undefined);
};

/** Where nothing was heard for longer than `silenceMs`: from the last step that was heard to the next, never bridged by a line. */
export const gapsOf = (times: readonly number[], fromMs: number, toMs: number, stepMs: number, silenceMs: number): Gap[] => {
  const gaps: Gap[] = [];
  let heardTo = fromMs;
  for (const time of [...times, toMs]) {
    if (time - heardTo > silenceMs) gaps.push({ from: heardTo, to: time });
    heardTo = Math.max(heardTo, time + stepMs);
  }
  return gaps;
};

/** What lies in the gaps of all: there nothing at all was observed. Each list is in order. */
export const commonGaps = (lists: readonly (readonly Gap[])[]): readonly Gap[] => {
  const [first = [], ...others] = lists;
  return others.reduce<readonly Gap[]>(
    (common, gaps) =>
      common.flatMap((gap) =>
        gaps.flatMap((other) => {
          const from = Math.max(gap.from, other.from);
          const to = Math.min(gap.to, other.to);
          return from < to ? [{ from, to }] : [];
        }),
      ),
    first,
  );
};

export const gapAt = (gaps: readonly Gap[], time: number): Gap | undefined =>
  gaps.find(({ from, to }) => time > from && time < to);

/** Parts of a series that were seen without a gap between. */
export const piecesOf = <P extends { readonly time: number }>(points: readonly P[], gaps: readonly Gap[]): P[][] => {
  const pieces: P[][] = [];
  let next = 0;
  let previous: P | undefined;
  for (const point of points) {
    while (gaps[next] && (gaps[next] as Gap).to <= (previous?.time ?? Number.NEGATIVE_INFINITY)) next++;
    const gap = gaps[next];
    const isApart = previous === undefined || (gap !== undefined && gap.from >= previous.time && gap.to <= point.time);
    if (isApart) pieces.push([point]);
    else pieces.at(-1)?.push(point);
    previous = point;
  }
  return pieces;
};

/** Index of the last point at or before a time; -1: none. */
export const indexAt = (points: readonly { readonly time: number }[], time: number): number => {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle] as { time: number }).time <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

/** What was known at a time: the step that holds it, or the last sample before; nothing within a gap. */
export const pointAt = (
  points: readonly SeriesPoint[],
  gaps: readonly Gap[],
  time: number,
  stepMs: number,
): SeriesPoint | undefined => (gapAt(gaps, time) ? undefined : points[indexAt(points, time + stepMs / 2)]);

/** A stretch in which a signal kept its word: a state, or a text. */
export interface StateStretch {
  readonly from: number;
  readonly to: number;
  readonly value: SignalValue;
}

const isSame = (a: SignalValue, b: SignalValue): boolean => (typeof a === 'object' ? String(a) === String(b) : a === b);

/** States between changes. A state holds until the next is told or nothing was heard any more; of a step the last one counts. */
export const statesOf = (
  history: HistoryView | StepHistoryView,
  path: string,
  gaps: readonly Gap[],
  toMs: number,
): StateStretch[] => {
  const values = isSteps(history) ? history.columns[path]?.last : history.columns[path];
  const points = history.times.flatMap((time, row) => {
    const value = values?.[row];
    return value === null || value === undefined ? [] : [{ time, value }];
  });
  const stretches: StateStretch[] = [];
  for (const [index, { time, value }] of points.entries()) {
    const gap = gaps.find(({ from }) => from >= time);
    const to = Math.min(points[index + 1]?.time ?? toMs, gap?.from ?? toMs, toMs);
    const before = stretches.at(-1);
    if (before && before.to >= time && isSame(before.value, value)) stretches[stretches.length - 1] = { ...before, to };
    else stretches.push({ from: time, to: Math.max(to, time), value });
  }
  return stretches;
};

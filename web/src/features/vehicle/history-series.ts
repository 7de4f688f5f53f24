import type { StepHistoryView } from '@milepost/contract/api';

export interface SeriesPoint {
  /** Start of the step, ms. */
  readonly time: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** The numbers of one signal; steps in which it said nothing are left out. */
export const seriesOf = (history: StepHistoryView, path: string): SeriesPoint[] => {
  const column = history.columns[path];
  if (!column) return [];
  return history.times.flatMap((time, row) => {
    const mean = column.mean?.[row];
    if (mean === null || mean === undefined) return [];
    return [{ time, mean, min: column.min?.[row] ?? mean, max: column.max?.[row] ?? mean }];
  });
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

/** Parts of a series that were seen without a gap between. */
export const piecesOf = (points: readonly SeriesPoint[], gaps: readonly Gap[]): SeriesPoint[][] => {
  const pieces: SeriesPoint[][] = [];
  let previous: SeriesPoint | undefined;
  for (const point of points) {
    const before = previous;
    const isApart = before === undefined || gaps.some(({ from, to }) => from >= before.time && to <= point.time);
    if (isApart) pieces.push([point]);
    else pieces.at(-1)?.push(point);
    previous = point;
  }
  return pieces;
};

/** The point whose step holds a time, if one does. */
export const pointAt = (points: readonly SeriesPoint[], time: number, stepMs: number): SeriesPoint | undefined =>
  points.findLast((point) => point.time <= time && time - point.time < 2 * stepMs);

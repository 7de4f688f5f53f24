import type { Gap, SeriesPoint } from './history-series.ts';

/** One signal on a chart, in the unit in which it is shown. */
export interface ChartLine {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly digits: number;
  /** Which colour of the palette, from 1. */
  readonly colour: number;
  readonly points: readonly SeriesPoint[];
  readonly gaps: readonly Gap[];
  /** 0: its points are samples. */
  readonly stepMs: number;
  /** It jumps from value to value, as a gear does: there is nothing between. */
  readonly isStepped?: boolean;
}

/** A column as uPlot takes it: null ends a line, undefined is a time at which only others have a point. */
export type Column = (number | null | undefined)[];

/** Columns of one line: mean, and with steps the highest and the lowest. */
export const columnsPerLine = 3;

/**
 * Lines in one table by time, seconds. Into each gap of a line goes a null, at which its line ends: a gap is never bridged.
 */
export const alignLines = (lines: readonly ChartLine[]): [number[], ...Column[]] => {
  const breaks = lines.map(({ gaps }) => gaps.map(({ from, to }) => (from + to) / 2));
  const times = new Set<number>();
  for (const [index, { points }] of lines.entries()) {
    for (const { time } of points) times.add(time);
    for (const time of breaks[index] as number[]) times.add(time);
  }
  const sorted = Float64Array.from(times).toSorted();
  const rows = new Map([...sorted].map((time, row) => [time, row]));
  const columns = lines.flatMap(({ points }, index) => {
    const mean: Column = Array.from({ length: sorted.length });
    const max: Column = Array.from({ length: sorted.length });
    const min: Column = Array.from({ length: sorted.length });
    for (const time of breaks[index] as number[]) {
      const row = rows.get(time) as number;
      mean[row] = max[row] = min[row] = null;
    }
    for (const point of points) {
      const row = rows.get(point.time) as number;
      mean[row] = point.mean;
      max[row] = point.max;
      min[row] = point.min;
    }
    return [mean, max, min];
  });
  return [[...sorted].map((time) => time / 1000), ...columns];
};

/** Points with a gap, or nothing, on both sides: no line shows them, so a dot does. */
export const lonePoints = (column: Column): number[] => {
  const known = column.flatMap((value, row) => (value === undefined ? [] : [row]));
  return known.filter((row, index) => {
    if (column[row] === null) return false;
    const before = known[index - 1];
    const after = known[index + 1];
    return (before === undefined || column[before] === null) && (after === undefined || column[after] === null);
  });
};

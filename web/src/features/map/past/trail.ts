import { mercatorX, mercatorY } from '../mercator.ts';

/** Rows of history: a time, and a value or null of each signal. */
export interface Rows {
  readonly times: readonly number[];
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

/** What one vehicle reported around a moment; its positions in Mercator units, oldest first. */
export interface Trail {
  readonly vehicleId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly times: readonly number[];
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  /** Index of the first point of each piece; between two pieces nothing was heard. */
  readonly pieces: readonly number[];
  readonly rows: Rows;
}

export const positionPaths = ['Vehicle.CurrentLocation.Latitude', 'Vehicle.CurrentLocation.Longitude'] as const;

/** Makes the trail of what was heard; a silence longer than `gapMs` is never bridged. */
export const makeTrail = (
  vehicleId: string,
  { fromMs, toMs }: Pick<Trail, 'fromMs' | 'toMs'>,
  rows: Rows,
  gapMs: number,
): Trail => {
  const times: number[] = [];
  const xs: number[] = [];
  const ys: number[] = [];
  const pieces: number[] = [];
  for (const [row, time] of rows.times.entries()) {
    const latitude = rows.columns[positionPaths[0]]?.[row];
    const longitude = rows.columns[positionPaths[1]]?.[row];
    if (typeof latitude !== 'number' || typeof longitude !== 'number') continue;
    const before = times.at(-1);
    if (before === undefined || time - before > gapMs) pieces.push(times.length);
    times.push(time);
    xs.push(mercatorX(longitude));
    ys.push(mercatorY(latitude));
  }
  return { vehicleId, fromMs, toMs, times, xs, ys, pieces, rows };
};

/** The value of a signal as of a moment, with its own time; undefined: none was reported in the trail before. */
export const readingAt = ({ rows }: Trail, path: string, atMs: number): { value: number; timeMs: number } | undefined => {
  const column = rows.columns[path] ?? [];
  const row = rows.times.findLastIndex((time, i) => time <= atMs && typeof column[i] === 'number');
  return row < 0 ? undefined : { value: column[row] as number, timeMs: rows.times[row] as number };
};

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
  readonly times: number[];
  readonly xs: number[];
  readonly ys: number[];
  /** Index of the first point of each piece; between two pieces nothing was heard. */
  readonly pieces: number[];
  readonly rows: Rows;
}

/** In Mercator units. */
export interface Point {
  readonly x: number;
  readonly y: number;
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

/** A trail that grows with a vehicle has at most so many points; then the oldest go. */
export const trailPointsMax = 7200;
const trimmed = 600;

/** Adds where a vehicle is by now, if it went anywhere since. */
export const growTrail = ({ times, xs, ys, pieces }: Trail, { x, y }: Point, timeMs: number, gapMs: number): void => {
  const before = times.at(-1);
  if (Number.isNaN(x) || (before !== undefined && (timeMs <= before || (xs.at(-1) === x && ys.at(-1) === y)))) return;
  if (before === undefined || timeMs - before > gapMs) pieces.push(times.length);
  times.push(timeMs);
  xs.push(x);
  ys.push(y);
  if (times.length <= trailPointsMax) return;
  for (const list of [times, xs, ys]) list.splice(0, trimmed);
  const later = pieces.filter((start) => start > trimmed).map((start) => start - trimmed);
  pieces.splice(0, pieces.length, 0, ...later);
};

/** The value of a signal as of a moment, with its own time; undefined: none was reported in the trail before. */
export const readingAt = ({ rows }: Trail, path: string, atMs: number): { value: number; timeMs: number } | undefined => {
  const column = rows.columns[path] ?? [];
  const row = rows.times.findLastIndex((time, i) => time <= atMs && typeof column[i] === 'number');
  return row < 0 ? undefined : { value: column[row] as number, timeMs: rows.times[row] as number };
};

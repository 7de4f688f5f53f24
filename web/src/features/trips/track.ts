import type { HistoryView, StepHistoryView } from '@milepost/contract/api';
import { type Gap, gapAt, gapsOf, indexAt, isSteps, piecesOf, stepMsOf } from '../charts/history-series.ts';
import type { Period } from '../charts/time-range.ts';

export const trackPaths = {
  latitude: 'Vehicle.CurrentLocation.Latitude',
  longitude: 'Vehicle.CurrentLocation.Longitude',
  heading: 'Vehicle.CurrentLocation.Heading',
} as const;

/** A place that was reported. */
export interface TrackPoint {
  readonly time: number;
  readonly latitude: number;
  readonly longitude: number;
}

/** Where a vehicle went: what was reported, and where it was not seen. */
export interface Track {
  readonly points: readonly TrackPoint[];
  /** No position, for longer than counts as silence. */
  readonly gaps: readonly Gap[];
  readonly pieces: readonly (readonly TrackPoint[])[];
}

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  /** Clockwise from north; null where it is not known: it stood. */
  readonly headingDegrees: number | null;
}

const numbersOf = (history: HistoryView | StepHistoryView, path: string): readonly unknown[] =>
  (isSteps(history) ? history.columns[path]?.last : history.columns[path]) ?? [];

/** The places of a period. Of a step the last place counts: a mean of places is one where nobody was. */
export const trackOf = (history: HistoryView | StepHistoryView, period: Period, silenceMs: number): Track => {
  const latitudes = numbersOf(history, trackPaths.latitude);
  const longitudes = numbersOf(history, trackPaths.longitude);
  const points = history.times.flatMap((time, row) => {
    const latitude = latitudes[row];
    const longitude = longitudes[row];
    return typeof latitude === 'number' && typeof longitude === 'number' ? [{ time, latitude, longitude }] : [];
  });
  const times = points.map(({ time }) => time);
  const gaps = gapsOf(times, period.from, period.to, stepMsOf(history), silenceMs);
  return { points, gaps, pieces: piecesOf(points, gaps) };
};

const metersPerDegree = 111_320;
/** Under this it stood: positions of one place differ by so much. */
const standingMetersMax = 30;

/** Meters between near places; flat, which at this size is exact enough. */
const metersBetween = (a: TrackPoint, b: TrackPoint): number => {
  const scale = Math.cos((a.latitude * Math.PI) / 180);
  return Math.hypot(a.latitude - b.latitude, (a.longitude - b.longitude) * scale) * metersPerDegree;
};

const headingBetween = (a: TrackPoint, b: TrackPoint): number | null => {
  if (metersBetween(a, b) < 2) return null;
  const east = (b.longitude - a.longitude) * Math.cos((a.latitude * Math.PI) / 180);
  return ((Math.atan2(east, b.latitude - a.latitude) * 180) / Math.PI + 360) % 360;
};

/**
 * Where it was at a moment: between two reports on the straight line, as nothing longer than silence lies between them. Where no position came
 * but the vehicle was heard, it stood if it was at the same place before and after. Undefined: not observed.
 */
export const placeAt = ({ points, gaps }: Track, unheard: readonly Gap[], time: number): Place | undefined => {
  const index = indexAt(points, time);
  const before = points[index];
  const after = points[index + 1];
  if (!before || gapAt(unheard, time)) return undefined;
  const standing = { latitude: before.latitude, longitude: before.longitude, headingDegrees: null };
  if (gapAt(gaps, time)) return !after || metersBetween(before, after) < standingMetersMax ? standing : undefined;
  if (!after) return standing;
  const share = (time - before.time) / (after.time - before.time);
  return {
    latitude: before.latitude + (after.latitude - before.latitude) * share,
    longitude: before.longitude + (after.longitude - before.longitude) * share,
    headingDegrees: headingBetween(before, after),
  };
};

import type { SignalView, TripView } from '@milepost/contract/api';
import type { ChartLine } from '../charts/aligned.ts';
import { lineOf } from '../charts/chart-lines.ts';
import { commonGaps, type Gap, stepMsOf } from '../charts/history-series.ts';
import type { Period } from '../charts/time-range.ts';
import type { LoadedHistory } from '../charts/use-history.ts';
import { type Track, trackOf, trackPaths } from './track.ts';

export const tripPaths = {
  speed: 'Vehicle.Speed',
  energy: 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed',
} as const;
export const tripHistoryPaths = [tripPaths.speed, tripPaths.energy, trackPaths.latitude, trackPaths.longitude];

/** The end of a trip belongs to it, and periods exclude theirs. */
export const periodOfTrip = ({ start, end }: Pick<TripView, 'start' | 'end'>): Period => ({
  from: Date.parse(start),
  to: Date.parse(end) + 1,
});

/** Silence that is not bridged: at most what vehicles count as silent by, and no longer than the shortest gap that the trip names. */
const silenceOf = (trip: TripView, silenceMs: number, stepMs: number): number => {
  const shortest = Math.min(...trip.gaps.map(({ from, to }) => Date.parse(to) - Date.parse(from) - 2 * stepMs));
  return Math.max(1, Math.min(silenceMs, shortest - 1));
};

export interface TripHistory {
  readonly lines: readonly ChartLine[];
  readonly track: Track;
  /** Nothing at all was heard. */
  readonly unheard: readonly Gap[];
  readonly stepMs: number;
}

export interface TripLine {
  readonly signal: SignalView | undefined;
  readonly path: string;
  readonly label: string;
}

/** What was reported on a trip: its track and lines over time, apart where nothing was observed. */
export const historyOfTrip = (
  loaded: LoadedHistory,
  trip: TripView,
  silenceMs: number,
  wanted: readonly TripLine[],
): TripHistory => {
  const stepMs = stepMsOf(loaded.history);
  const silence = silenceOf(trip, silenceMs, stepMs);
  const lines = wanted.map(({ path, label, signal }, index) =>
    lineOf(loaded, { path, label, unit: signal?.unit ?? '' }, index + 1, silence),
  );
  const track = trackOf(loaded.history, loaded.period, silence);
  return { lines, track, unheard: commonGaps([...lines.map(({ gaps }) => gaps), track.gaps]), stepMs };
};

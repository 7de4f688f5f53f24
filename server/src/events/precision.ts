import { coreSignal, wellKnown } from '@milepost/contract';
import { type PlacePrecision, placePrecisions, type TimePrecision, timePrecisions } from '@milepost/contract/api';

/** How finely a place is told. */
export type Precision = PlacePrecision;

/** How finely the values of a signal are told. `above`: told is only whether the value is above it, as numbers of the signal are stored. */
export interface SignalPrecision {
  readonly place: PlacePrecision;
  readonly time: TimePrecision;
  readonly above: number | null;
}

export const exactly: SignalPrecision = { place: 'exact', time: 'report', above: null };

export const isExactly = ({ place, time, above }: SignalPrecision): boolean =>
  place === 'exact' && time === 'report' && above === null;

const { perUnit: storedPerDegree } = coreSignal('Vehicle.CurrentLocation.Latitude');

/**
 * Cells of latitude and of longitude are equally many degrees wide everywhere, 0.1° of latitude being 11.1 km; those of longitude shrink
 * with the cosine of the latitude, to a half at 60°. They begin at multiples of their width, so that each lies within one of the next coarser.
 */
const cellsPerDegree: Record<PlacePrecision, number> = { exact: 0, about100m: 1000, about1km: 100, about10km: 10 };

/** The middle of the fixed cell that has a latitude (`degreesMax` 90) or a longitude (180). */
export const middleOfCell = (degrees: number, precision: PlacePrecision, degreesMax: number): number => {
  const perDegree = cellsPerDegree[precision];
  if (perDegree === 0) return degrees;
  // In whole steps as they are stored: a place on an edge is in the same cell however its degrees were worked out.
  const stored = Math.round(degrees * storedPerDegree);
  // The end of the scale belongs to the last cell.
  const cell = Math.min(Math.floor(stored / (storedPerDegree / perDegree)), degreesMax * perDegree - 1);
  // In decimals, not in sums of fractions that have none: 52.525, not 52.525000000000006.
  return (cell * 2 + 1) / (2 * perDegree);
};

/** Degrees that a signal reaches to; undefined: it is no part of a place. */
const degreesMaxOf = (signalNumber: number): number | undefined => {
  if (signalNumber === wellKnown.latitude) return 90;
  return signalNumber === wellKnown.longitude ? 180 : undefined;
};

/** Whether the ladder of places has steps for a signal. */
export const isDegrees = (signalNumber: number): boolean => degreesMaxOf(signalNumber) !== undefined;

const hourMs = 3_600_000;
const periodsMs: Record<TimePrecision, number> = { report: 0, minute: 60_000, hour: hourMs, day: 24 * hourMs };

/** Length of the periods of which one value is told, ms; they begin at multiples of it since 1970, days in UTC. 0: each report. */
export const periodMsOf = (time: TimePrecision): number => periodsMs[time];

/** As when a sample is told, and from when on: the end of its period, exclusive of it; of each report the time itself. */
export const toldAtMs = (timeMs: number, time: TimePrecision): number => {
  const periodMs = periodsMs[time];
  return periodMs === 0 ? timeMs : (Math.floor(timeMs / periodMs) + 1) * periodMs;
};

/** Whether it may be told by now what the last sample of a period was: the period is over. */
export const isTold = (timeMs: number, time: TimePrecision, nowMs: number): boolean =>
  periodsMs[time] === 0 || toldAtMs(timeMs, time) <= nowMs;

/** A stored number as it is told; of a threshold 1 (above) or 0. The time is not looked at. */
export const tellStored = (stored: number, signalNumber: number, { place, above }: Omit<SignalPrecision, 'time'>): number => {
  if (above !== null) return stored > above ? 1 : 0;
  const degreesMax = place === 'exact' ? undefined : degreesMaxOf(signalNumber);
  if (degreesMax === undefined) return stored;
  return Math.round(middleOfCell(stored / storedPerDegree, place, degreesMax) * storedPerDegree);
};

const coarser = <W>(ladder: readonly W[], a: W, b: W): W => (ladder.indexOf(a) < ladder.indexOf(b) ? b : a);

/** Of what is made of several signals. Thresholds have no common coarseness: what is made of one is not told at all. */
export const coarsest = (precisions: readonly SignalPrecision[]): Omit<SignalPrecision, 'above'> | undefined => {
  if (precisions.some(({ above }) => above !== null)) return undefined;
  return precisions.reduce<Omit<SignalPrecision, 'above'>>(
    (all, one) => ({
      place: coarser(placePrecisions, all.place, one.place),
      time: coarser(timePrecisions, all.time, one.time),
    }),
    { place: 'exact', time: 'report' },
  );
};

/** Whether nothing told by `a` is finer than what is told by `b`. */
export const isAtMostAsFine = (a: SignalPrecision, b: SignalPrecision): boolean =>
  placePrecisions.indexOf(a.place) >= placePrecisions.indexOf(b.place) &&
  timePrecisions.indexOf(a.time) >= timePrecisions.indexOf(b.time) &&
  (b.above === null || a.above === b.above);

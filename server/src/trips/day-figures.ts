import type { FigureSource } from '@milepost/contract/api';
import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { rowAt } from './samples.ts';
import type { TripSamples } from './types.ts';

const minuteMs = 60_000;

/** Rows of a time, one of a minute: what changes slowly is looked at so often. */
const eachMinute = (times: Float64Array, fromMs: number, toMs: number, take: (row: number) => boolean): void => {
  const end = rowAt(times, toMs);
  let nextMs = Number.NEGATIVE_INFINITY;
  for (let row = rowAt(times, fromMs); row < end; row++) {
    const timeMs = times[row] as number;
    if (timeMs >= nextMs && take(row)) nextMs = (Math.floor(timeMs / minuteMs) + 1) * minuteMs;
  }
};

/** NaN of nothing. Sorts what it is given. */
export const medianOf = (values: Float64Array): number => {
  values.sort();
  const middle = values.length >> 1;
  if (values.length % 2 === 1) return values[middle] as number;
  return ((values[middle - 1] as number) + (values[middle] as number)) / 2;
};

const known = (value: number): number | null => (value === value ? value : null);

export const lastOdometer = (
  { times, odometerM }: TripSamples,
  fromMs: number,
  toMs: number,
): { odometerM: number | null; odometerAtMs: number | null } => {
  const first = rowAt(times, fromMs);
  for (let row = rowAt(times, toMs) - 1; row >= first; row--)
    if (odometerM[row] === odometerM[row]) return { odometerM: odometerM[row] as number, odometerAtMs: times[row] as number };
  return { odometerM: null, odometerAtMs: null };
};

/** Range over level, where both are known at once and the level is high enough not to magnify their rounding. m. */
const modelledRange = ({ rangeM, energyPercent }: TripSamples, row: number): number => {
  const percent = energyPercent[row] as number;
  return percent >= tripLimits.rangePercentMin ? ((rangeM[row] as number) * 100) / percent : Number.NaN;
};

/** Median of the day of the range with a full battery, m. */
export const rangeAtFull = (
  samples: TripSamples,
  fromMs: number,
  toMs: number,
): { rangeAtFullM: number | null; rangeSource: FigureSource | null } => {
  const medianBy = (rangeAt: (row: number) => number): number => {
    const ranges: number[] = [];
    eachMinute(samples.times, fromMs, toMs, (row) => {
      const range = rangeAt(row);
      if (range === range) ranges.push(range);
      return range === range;
    });
    return medianOf(Float64Array.from(ranges));
  };
  const measured = medianBy((row) => samples.rangeAtFullM[row] as number);
  if (measured === measured) return { rangeAtFullM: measured, rangeSource: 'measured' };
  const modelled = known(medianBy((row) => modelledRange(samples, row)));
  return { rangeAtFullM: modelled, rangeSource: modelled === null ? null : 'modelled' };
};

const kelvin = 273.15;
/** Standard atmosphere, kPa: gauges show what is above it. */
const atmosphereKpa = 101.325;
const coldCelsius = 20;

/** Gauge pressure at 20 °C of a tire that has `kpa` at `celsius`: at a constant volume absolute pressure goes with absolute temperature (Gay-Lussac). */
export const coldKpa = (kpa: number, celsius: number): number =>
  ((kpa + atmosphereKpa) * (coldCelsius + kelvin)) / (celsius + kelvin) - atmosphereKpa;

/** Median cold pressure of each wheel over a day. A temperature holds for the pressures that follow it without a silence. */
export const coldTires = ({ samples }: Analysis, fromMs: number, toMs: number): (number | null)[] =>
  samples.tireKpa.map((column, wheel) => {
    const cold: number[] = [];
    const temperatures = samples.tireCelsius[wheel] as Float64Array;
    let [celsius, celsiusAtMs] = [Number.NaN, Number.NEGATIVE_INFINITY];
    eachMinute(samples.times, fromMs, toMs, (row) => {
      const timeMs = samples.times[row] as number;
      if (temperatures[row] === temperatures[row]) [celsius, celsiusAtMs] = [temperatures[row] as number, timeMs];
      const kpa = timeMs - celsiusAtMs <= tripLimits.silenceMs ? coldKpa(column[row] as number, celsius) : Number.NaN;
      if (kpa === kpa) cold.push(kpa);
      return kpa === kpa;
    });
    return known(medianOf(Float64Array.from(cold)));
  });

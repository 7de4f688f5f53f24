import type { FigureSource } from '@milepost/contract/api';
import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { rowAt } from './samples.ts';
import type { TripSamples } from './types.ts';

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
const modelledRanges = ({ rangeM, energyPercent }: TripSamples, first: number, end: number): Float64Array => {
  const ranges: number[] = [];
  for (let row = first; row < end; row++) {
    const percent = energyPercent[row] as number;
    const range = rangeM[row] as number;
    if (range === range && percent >= tripLimits.rangePercentMin) ranges.push((range * 100) / percent);
  }
  return Float64Array.from(ranges);
};

/** Median of the day of the range with a full battery, m. */
export const rangeAtFull = (
  samples: TripSamples,
  fromMs: number,
  toMs: number,
): { rangeAtFullM: number | null; rangeSource: FigureSource | null } => {
  const [first, end] = [rowAt(samples.times, fromMs), rowAt(samples.times, toMs)];
  const measured = medianOf(samples.rangeAtFullM.slice(first, end).filter((value) => value === value));
  if (measured === measured) return { rangeAtFullM: measured, rangeSource: 'measured' };
  const modelled = known(medianOf(modelledRanges(samples, first, end)));
  return { rangeAtFullM: modelled, rangeSource: modelled === null ? null : 'modelled' };
};

const kelvin = 273.15;
/** Standard atmosphere, kPa: gauges show what is above it. */
const atmosphereKpa = 101.325;
const coldCelsius = 20;

/** Gauge pressure at 20 °C of a tire that has `kpa` at `celsius`: at a constant volume absolute pressure goes with absolute temperature (Gay-Lussac). */
export const coldKpa = (kpa: number, celsius: number): number =>
  ((kpa + atmosphereKpa) * (coldCelsius + kelvin)) / (celsius + kelvin) - atmosphereKpa;

/** Median cold pressure of each wheel over a day: of readings while it stood, else of all. */
export const coldTires = ({ samples }: Analysis, fromMs: number, toMs: number): (number | null)[] => {
  const [first, end] = [rowAt(samples.times, fromMs), rowAt(samples.times, toMs)];
  return samples.tireKpa.map((column, wheel) => {
    const cold: number[] = [];
    for (let row = first; row < end; row++) {
      const value = coldKpa(column[row] as number, samples.tireCelsius[wheel]?.[row] as number);
      if (value === value) cold.push(value);
    }
    return known(medianOf(Float64Array.from(cold)));
  });
};

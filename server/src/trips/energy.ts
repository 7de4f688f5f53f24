import type { FigureSource } from '@milepost/contract/api';
import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Segment } from './segments.ts';
import type { VehicleFacts } from './types.ts';

/** Energy used along a trip: 0 at its start. */
export interface EnergyUse {
  readonly times: Float64Array;
  readonly usedKwh: Float64Array;
  readonly kwh: number;
  readonly source: FigureSource;
}

/** Of how long ago a reading still holds at the start of a trip: while it stood, but no longer than a silence. */
const firstRowOf = ({ track, kinds }: Analysis, { from }: Segment): number => {
  let at = from;
  while (
    at > 0 &&
    kinds[at - 1] === stepKinds.standing &&
    (track.times[from] as number) - (track.times[at - 1] as number) <= tripLimits.silenceMs
  )
    at--;
  return track.rows[at] as number;
};

/** Rows with a reading: the last one at or before the start, and all up to the end. */
const findReadings = (analysis: Analysis, segment: Segment, column: Float64Array): Int32Array => {
  const { rows } = analysis.track;
  const [start, end] = [rows[segment.from] as number, rows[segment.to] as number];
  const first = firstRowOf(analysis, segment);
  const readings = new Int32Array(end - first + 1);
  let count = 0;
  for (let row = first; row <= end; row++) {
    if (column[row] !== column[row]) continue;
    if (row <= start) count = 0;
    readings[count++] = row;
  }
  return readings.subarray(0, count);
};

/**
 * What left the battery, recuperation deducted: the sum of the changes between readings, but for those in which it was charged, or may
 * have been because it was silent.
 *
 * @param kwhPerUnit 1 for readings in kWh
 */
const addUp = (analysis: Analysis, segment: Segment, column: Float64Array, kwhPerUnit: number, source: FigureSource) => {
  const { times, isCharging } = analysis.samples;
  const readings = findReadings(analysis, segment, column);
  if (readings.length < 2) return null;
  const startMs = analysis.track.times[segment.from] as number;
  const usedKwh = new Float64Array(readings.length);
  const readingTimes = new Float64Array(readings.length);
  let charging = false;
  for (let k = 0; k < readings.length; k++) readingTimes[k] = Math.max(startMs, times[readings[k] as number] as number);
  for (let k = 1; k < readings.length; k++) {
    const [before, row] = [readings[k - 1] as number, readings[k] as number];
    let wasCharging = charging;
    for (let r = before; r <= row; r++) {
      const state = isCharging[r] as number;
      if (state === state) charging = state === 1;
      wasCharging ||= charging;
    }
    const change = ((column[before] as number) - (column[row] as number)) * kwhPerUnit;
    wasCharging ||= change < 0 && (times[row] as number) - (times[before] as number) > tripLimits.silenceMs;
    usedKwh[k] = (usedKwh[k - 1] as number) + (wasCharging ? 0 : change);
  }
  const use: EnergyUse = {
    times: readingTimes,
    usedKwh,
    kwh: usedKwh[usedKwh.length - 1] as number,
    source,
  };
  return use;
};

/** Measured where the vehicle says kWh, else modelled from percent and the size of the battery; null: neither is known. */
export const findEnergy = (analysis: Analysis, segment: Segment, { packKwh }: VehicleFacts): EnergyUse | null =>
  addUp(analysis, segment, analysis.samples.energyKwh, 1, 'measured') ??
  (packKwh === null ? null : addUp(analysis, segment, analysis.samples.energyPercent, packKwh / 100, 'modelled'));

/** First and last battery level of a trip or a stop. */
export const findPercents = (analysis: Analysis, segment: Segment): { fromPercent: number | null; toPercent: number | null } => {
  const { energyPercent } = analysis.samples;
  const readings = findReadings(analysis, segment, energyPercent);
  if (readings.length === 0) return { fromPercent: null, toPercent: null };
  return {
    fromPercent: energyPercent[readings[0] as number] as number,
    toPercent: energyPercent[readings[readings.length - 1] as number] as number,
  };
};

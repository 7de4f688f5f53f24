import type { FigureSource } from '@milepost/contract/api';
import { type Analysis, endOf, startOf } from './analysis.ts';
import { findSessions, rowsOfStop, type Session } from './charging-sessions.ts';
import { tripLimits } from './limits.ts';
import { standingPlace } from './places.ts';
import type { Charging, VehicleFacts } from './types.ts';

const hourMs = 3_600_000;

/** Rows with a reading: the last one before the session while it stood, if that is no silence away, and all within. */
const readingsOf = (analysis: Analysis, { stop, from, to }: Session, column: Float64Array): number[] => {
  const { times } = analysis.samples;
  const rows: number[] = [];
  const { first } = rowsOfStop(analysis, stop);
  for (let row = from; row >= first && rows.length === 0; row--) {
    if ((times[from] as number) - (times[row] as number) > tripLimits.silenceMs) break;
    if (column[row] === column[row]) rows.push(row);
  }
  for (let row = from + 1; row <= to; row++) if (column[row] === column[row]) rows.push(row);
  return rows;
};

const growth = (column: Float64Array, rows: readonly number[]): number | null =>
  rows.length < 2 ? null : (column[rows.at(-1) as number] as number) - (column[rows[0] as number] as number);

/** The steepest rise of a level over enough of it and enough time, without silences, per hour; null: there is none. */
const steepest = (times: Float64Array, column: Float64Array, rows: readonly number[], riseMin: number): number | null => {
  let most: number | null = null;
  let [from, first] = [0, 0];
  for (let k = 1; k < rows.length; k++) {
    const row = rows[k] as number;
    const rise = (a: number): number => (column[row] as number) - (column[rows[a] as number] as number);
    const ms = (a: number): number => (times[row] as number) - (times[rows[a] as number] as number);
    if (ms(k - 1) > tripLimits.silenceMs) first = k;
    from = Math.max(from, first);
    const isEnough = (a: number): boolean => rise(a) >= riseMin && ms(a) >= tripLimits.powerMsMin;
    while (from < k && isEnough(from + 1)) from++;
    if (from < k && isEnough(from)) most = Math.max(most ?? 0, (rise(from) * hourMs) / ms(from));
  }
  return most;
};

/** Measured where the vehicle says kWh, else modelled from percent and the size of the battery. */
const findAdded = (analysis: Analysis, session: Session, { packKwh }: VehicleFacts) => {
  const { energyKwh, energyPercent } = analysis.samples;
  const measured = growth(energyKwh, readingsOf(analysis, session, energyKwh));
  if (measured !== null) return { addedKwh: measured, energySource: 'measured' as const };
  const percent = growth(energyPercent, readingsOf(analysis, session, energyPercent));
  if (percent === null || packKwh === null) return { addedKwh: null, energySource: null };
  return { addedKwh: (percent * packKwh) / 100, energySource: 'modelled' as const };
};

/** The highest power that was reported, else modelled from the steepest rise. */
const findPeak = (analysis: Analysis, session: Session, { packKwh }: VehicleFacts) => {
  const { times, chargingPowerKw, energyKwh, energyPercent } = analysis.samples;
  let peak = 0;
  for (let row = session.from; row <= session.to; row++)
    if ((chargingPowerKw[row] as number) > peak) peak = chargingPowerKw[row] as number;
  if (peak > 0) return { peakPowerKw: peak, powerSource: 'measured' as FigureSource };
  const byKwh = steepest(times, energyKwh, readingsOf(analysis, session, energyKwh), tripLimits.powerKwhMin);
  const byPercent = () =>
    steepest(times, energyPercent, readingsOf(analysis, session, energyPercent), tripLimits.powerPercentMin);
  const perHour = byKwh ?? (packKwh === null ? null : byPercent());
  if (perHour === null) return { peakPowerKw: null, powerSource: null };
  return {
    peakPowerKw: byKwh === null ? (perHour * (packKwh as number)) / 100 : perHour,
    powerSource: 'modelled' as FigureSource,
  };
};

/** Charging of a vehicle while it stood: as it says, or as its level rises. */
export const findCharging = (analysis: Analysis, vehicle: VehicleFacts): Charging[] =>
  findSessions(analysis).map((session) => {
    const { times, energyPercent } = analysis.samples;
    const percents = readingsOf(analysis, session, energyPercent);
    const percentAt = (row: number | undefined): number | null => (row === undefined ? null : (energyPercent[row] as number));
    return {
      fromMs: times[session.from] as number,
      toMs: times[session.to] as number,
      isOpen: session.isOpen,
      position: standingPlace(analysis, session.stop),
      fromPercent: percentAt(percents[0]),
      toPercent: percentAt(percents.at(-1)),
      ...findAdded(analysis, session, vehicle),
      ...findPeak(analysis, session, vehicle),
      stopFromMs: startOf(analysis, session.stop),
      stopToMs: Math.max(endOf(analysis, session.stop), times[session.to] as number),
    };
  });

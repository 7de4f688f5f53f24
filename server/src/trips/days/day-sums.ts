import type { FigureSource, HarshKind } from '@milepost/contract/api';
import { harshKinds } from '@milepost/contract/api';
import type { Charging, Trip, VehicleDay } from '../types.ts';
import type { DerivedDay } from './deriver.ts';
import type { LocalDay } from './local-days.ts';
import type { DaySummary } from './reads.ts';
import type { Sight } from './seen.ts';
import { quarterMs } from './store-limits.ts';

/** Figures of a part of the time, from the quarters of the hours of UTC days. */
export interface QuarterSums {
  distanceM: number;
  drivingMs: number;
  idleMs: number;
  energyKwh: number;
}

/** Adds the quarters of a day that begin in a period. */
export const addQuarters = (sums: QuarterSums, day: VehicleDay, fromMs: number, toMs: number): void => {
  const { dayMs: startMs, distanceM, drivingMs, idleMs, energyKwh } = day;
  for (let i = 0; i < distanceM.length; i++) {
    const atMs = startMs + i * quarterMs;
    if (atMs < fromMs || atMs >= toMs) continue;
    sums.distanceM += distanceM[i] ?? 0;
    sums.drivingMs += drivingMs[i] ?? 0;
    sums.idleMs += idleMs[i] ?? 0;
    sums.energyKwh += energyKwh[i] ?? 0;
  }
};

export const noSums = (): QuarterSums => ({ distanceM: 0, drivingMs: 0, idleMs: 0, energyKwh: 0 });

/** One figure that is modelled makes a sum modelled. */
export const joinSources = (a: FigureSource | null, b: FigureSource | null): FigureSource | null =>
  a === 'modelled' || b === 'modelled' ? 'modelled' : (a ?? b);

const largest = (values: readonly (number | null)[]): number | null =>
  values.reduce((max, value) => (value === null || (max !== null && max >= value) ? max : value), null);

const countHarsh = (trips: readonly Trip[]): Record<HarshKind, number> => {
  const counts = Object.fromEntries(harshKinds.map((kind) => [kind, 0])) as Record<HarshKind, number>;
  for (const { harshEvents } of trips) for (const { kind } of harshEvents) counts[kind]++;
  return counts;
};

const chargedOf = (sessions: readonly Charging[]): number | null =>
  sessions.some(({ addedKwh }) => addedKwh !== null) ? sessions.reduce((sum, { addedKwh }) => sum + (addedKwh ?? 0), 0) : null;

const startsIn =
  (fromMs: number, toMs: number) =>
  ({ fromMs: atMs }: { readonly fromMs: number }): boolean =>
    atMs >= fromMs && atMs < toMs;

/** Of the days of UTC that have a part in it, what one day of a time zone adds up to, as far as it may be seen; undefined: nothing is known. */
export const sumDay = (sight: Sight, vehicleNo: number, local: LocalDay, days: readonly DerivedDay[]): DaySummary | undefined => {
  if (days.length === 0) return undefined;
  const { fromMs, toMs } = local;
  const sums = noSums();
  let energySource: FigureSource | null = null;
  let odometerM: number | null = null;
  for (const { day } of days) {
    addQuarters(sums, day, fromMs, toMs);
    energySource = joinSources(energySource, day.energySource);
    const { odometerM: meters, odometerAtMs } = sight.day(day);
    if (meters !== null && odometerAtMs !== null && odometerAtMs >= fromMs && odometerAtMs < toMs) odometerM = meters;
  }
  const isIn = startsIn(fromMs, toMs);
  const trips = days.flatMap(({ day }) => day.trips.filter(isIn).flatMap((trip) => sight.trip(trip) ?? []));
  const charging = days.flatMap(({ day }) => day.charging.filter(isIn).flatMap((one) => sight.charging(one) ?? []));
  const [hasDriving, hasMileage, hasEnergy] = [
    sight.sees('dayDriving', fromMs, toMs),
    sight.sees('dayDistance', fromMs, toMs),
    sight.sees('dayEnergy', fromMs, toMs),
  ];
  return {
    vehicleNo,
    day: local.day,
    dayMs: fromMs,
    distanceM: hasMileage ? sums.distanceM : null,
    trips: hasDriving ? trips.length : null,
    drivingMs: hasDriving ? sums.drivingMs : null,
    idleMs: hasDriving ? sums.idleMs : null,
    topSpeedKmh: largest(trips.map(({ topSpeedKmh }) => topSpeedKmh)),
    energyKwh: hasEnergy && energySource !== null ? sums.energyKwh : null,
    energySource: hasEnergy ? energySource : null,
    harshEvents: sight.sees('dayMotion', fromMs, toMs) ? countHarsh(trips) : null,
    charging: hasEnergy ? charging.length : null,
    chargedKwh: hasEnergy ? chargedOf(charging) : null,
    odometerM,
    completeTo: Math.min(...days.map(({ completeTo }) => completeTo)),
  };
};

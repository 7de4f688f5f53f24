import type { SignalValue } from '@milepost/contract';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';
import { between } from './random.ts';

export type Signals = Record<string, SignalValue>;

/** What a vehicle says at a second: values, a heartbeat, or nothing. */
export type Moment = Signals | 'heartbeat' | undefined;
/** @param timeMs a whole second */
export type Replay = (timeMs: number) => Moment;

/** Modelled odometers and cycles count from here. */
export const originMs = Date.UTC(2026, 9, 1);

const atmosphereKpa = 101.3;
const kelvin = 273.15;
/** Temperature at which a placard holds, degrees Celsius. */
const placardC = 20;

/** How much warmer than the air a tire is after driving so long, degrees: towards 18 with a time constant of 15 min. */
export const tireRiseC = (drivenSeconds: number): number => 18 * (1 - Math.exp(-drivenSeconds / 900));

const dayMs = 86_400_000;
/** A leaking wheel falls from 68 % of its placard to 54 % in a fortnight, then is filled up to 68 % again. */
const leak = { fromPart: 0.68, toPart: 0.54, days: 14 } as const;

/** Cold pressure of a wheel as a part of the placard. */
const coldPart = (profile: Profile, wheel: number, timeMs: number): number => {
  if (profile.leakingWheel === wheel) {
    const days = (timeMs / dayMs) % leak.days;
    return leak.fromPart - ((leak.fromPart - leak.toPart) * days) / leak.days;
  }
  return between(0.97, 1.05, profile.seed, profile.kind, 'tire', profile.index, wheel);
};

/** Pressure by Gay-Lussac's law: absolute pressure goes with absolute temperature at a constant volume. */
export const tireSignals = (profile: Profile, ambientC: number, riseC: number, timeMs: number): Signals => {
  const signals: Signals = {};
  profile.vehicle.tirePlacardKpa.forEach((placardKpa, wheel) => {
    const celsius = ambientC + riseC + between(-1, 1, profile.seed, profile.kind, 'warm', profile.index, wheel);
    const coldKpa = placardKpa * coldPart(profile, wheel, timeMs) + atmosphereKpa;
    const kpa = (coldKpa * (celsius + kelvin)) / (placardC + kelvin) - atmosphereKpa;
    signals[paths.tirePressure[wheel] as string] = Math.round(kpa);
    signals[paths.tireTemperature[wheel] as string] = Math.round(celsius * 10) / 10;
  });
  return signals;
};

interface SlowState {
  readonly timeMs: number;
  readonly ambientC: number;
  readonly riseC: number;
  readonly socPercent: number;
  readonly mileageM: number;
  /** Changes when people or goods change: a trip, an hour. */
  readonly load: string | number;
}

/** Part of the range that is left in the cold: 1 from 20 degrees up, 0.7 at 0. */
const rangePart = (ambientC: number): number => Math.min(1, Math.max(0.6, 1 - (20 - ambientC) * 0.015));

/** What changes slowly: tires, weight, range, mileage, fault codes. */
export const slowSignals = (profile: Profile, state: SlowState): Signals => {
  const fullM = profile.rangeAtFullChargeM * (profile.healthPercent / 100) * rangePart(state.ambientC);
  const loadKg = between(profile.loadKgMin, profile.loadKgMax, profile.seed, profile.kind, 'load', profile.index, state.load);
  return {
    ...tireSignals(profile, state.ambientC, state.riseC, state.timeMs),
    [paths.weight]: Math.round(profile.curbKg + loadKg),
    [paths.rangeAtFullCharge]: Math.round(fullM),
    [paths.range]: Math.round((fullM * state.socPercent) / 100),
    [paths.health]: profile.healthPercent,
    [paths.mileage]: Math.round(Math.max(0, profile.mileageM + state.mileageM)),
    [paths.faultCodes]: profile.faultCodes,
    [paths.faultCodeCount]: profile.faultCodes.length,
    [paths.outsideTemperature]: Math.round(state.ambientC * 10) / 10,
  };
};

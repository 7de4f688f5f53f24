import type { SignalValue } from '@milepost/contract';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';
import { between, chance } from './random.ts';

export type Signals = Record<string, SignalValue>;

/** What a vehicle says at a second: values, a heartbeat, or nothing. */
export type Moment = Signals | 'heartbeat' | undefined;
/** @param timeMs a whole second */
export type Replay = (timeMs: number) => Moment;

/** What a tracker kept. */
export interface PastSample {
  readonly time: number;
  readonly signals: Signals;
}
/** What a tracker kept of a period, `toMs` exclusive, in order. */
export type Past = (fromMs: number, toMs: number) => Iterable<PastSample>;

/** Modelled odometers and cycles of buses count from here. */
export const originMs = Date.UTC(2026, 9, 1);

const atmosphereKpa = 101.3;
const kelvin = 273.15;
/** Temperature at which a placard holds, degrees Celsius. */
const placardC = 20;

/** How much warmer than the air a tire is after driving so long, degrees: towards 18 with a time constant of 15 min. */
export const tireRiseC = (drivenSeconds: number): number => 18 * (1 - Math.exp(-drivenSeconds / 900));

const dayMs = 86_400_000;
/** Midnight (UTC) of a Monday. */
const mondayMs = Date.UTC(2026, 8, 28);
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

/** A number from -`most` to `most` that goes from day to day, without a jump at midnight. */
export const dayVariation = (timeMs: number, most: number, name: string): number => {
  const days = timeMs / dayMs;
  const day = Math.floor(days);
  const [from, to] = [chance(name, day), chance(name, day + 1)];
  return most * (2 * (from + (to - from) * (days - day)) - 1);
};

interface SlowState {
  readonly timeMs: number;
  readonly ambientC: number;
  /** Air around the tires, when it is another one than what its thermometer says. */
  readonly tireAmbientC?: number;
  readonly riseC: number;
  readonly socPercent: number;
  readonly loadKg: number;
}

/** Part of the range that is left in the cold: 1 from 20 degrees up, 0.7 at 0. */
const rangePart = (ambientC: number): number => Math.min(1, Math.max(0.6, 1 - (20 - ambientC) * 0.015));

/** Fault codes of some days of the week come and go. */
const faultsAt = ({ faultCodes, faultDays }: Profile, timeMs: number): readonly string[] => {
  if (!faultDays) return faultCodes;
  const hours = ((timeMs - mondayMs) / 3_600_000) % 168;
  return hours >= faultDays.fromHour && hours < faultDays.toHour ? [...faultCodes, ...faultDays.codes] : faultCodes;
};

/** What changes slowly: tires, weight, range, fault codes. */
export const slowSignals = (profile: Profile, state: SlowState): Signals => {
  const fullM = profile.rangeAtFullChargeM * (profile.healthPercent / 100) * rangePart(state.ambientC);
  const faultCodes = faultsAt(profile, state.timeMs);
  return {
    ...tireSignals(profile, state.tireAmbientC ?? state.ambientC, state.riseC, state.timeMs),
    [paths.weight]: Math.round(profile.curbKg + state.loadKg),
    [paths.rangeAtFullCharge]: Math.round(fullM),
    [paths.range]: Math.round((fullM * state.socPercent) / 100),
    [paths.health]: profile.healthPercent,
    [paths.faultCodes]: faultCodes,
    [paths.faultCodeCount]: faultCodes.length,
    [paths.outsideTemperature]: Math.round(state.ambientC * 10) / 10,
  };
};

import { readBusWindows } from './bus-recording.ts';
import { makeBusReplay } from './bus-replay.ts';
import { simulatorLimits } from './limits.ts';
import type { Past, Replay } from './model.ts';
import { makeBus, makeModelled, makeTwizy, type Profile, type WeeklyProfile } from './profile.ts';
import { makeTours, type Tours } from './routes.ts';
import { readTrips } from './twizy-recording.ts';
import { WeekReplay } from './week-replay.ts';

export interface SimulatedVehicle {
  readonly profile: Profile;
  readonly replay: Replay;
  readonly past: Past;
  /** How many days its tracker stores. */
  readonly storesDays: number;
  /** Of those that live by weeks: the drives of a period. */
  readonly drives?: (fromMs: number, toMs: number) => readonly { readonly fromMs: number; readonly toMs: number }[];
}

const recordings = new URL('../data/', import.meta.url);

/** A bus says 900 times a day where it is: to work through a week of all of them would take the server minutes. */
const busDays = { some: 8, others: 1 } as const;

const byWeeks = (profile: WeeklyProfile, tours: Tours): SimulatedVehicle => {
  const life = new WeekReplay(profile, tours);
  return {
    profile,
    storesDays: simulatorLimits.daysMax,
    replay: (timeMs) => life.say(timeMs),
    past: (fromMs, toMs) => life.past(fromMs, toMs),
    drives: (fromMs, toMs) => life.drives(fromMs, toMs),
  };
};

/** The whole fleet; the same for the same arguments. Fewer buses when the recordings have no more. */
export const makeFleet = (seed: number, vehicles: number, buses: number, modelled = 0): readonly SimulatedVehicle[] => {
  const tours = makeTours(readTrips(recordings));
  const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  return [
    ...indexes(vehicles).map((index) => byWeeks(makeTwizy(seed, index), tours)),
    ...indexes(modelled).map((index) => byWeeks(makeModelled(seed, index), tours)),
    ...readBusWindows(recordings, buses).map((windows, index) => {
      const profile = makeBus(seed, index);
      return { profile, storesDays: index % 10 === 0 ? busDays.some : busDays.others, ...makeBusReplay(profile, windows) };
    }),
  ];
};

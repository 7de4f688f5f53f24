import { readBusWindows } from './bus-recording.ts';
import { makeBusReplay } from './bus-replay.ts';
import type { Replay } from './model.ts';
import { makeBus, makeTwizy, type Profile } from './profile.ts';
import { readTrips } from './twizy-recording.ts';
import { makeTwizyReplay } from './twizy-replay.ts';

export interface SimulatedVehicle {
  readonly profile: Profile;
  readonly replay: Replay;
}

const recordings = new URL('../data/', import.meta.url);

/** The whole fleet; the same for the same arguments. Fewer buses when the recordings have no more. */
export const makeFleet = (seed: number, vehicles: number, buses: number): readonly SimulatedVehicle[] => {
  const trips = readTrips(recordings);
  const twizys = Array.from({ length: vehicles }, (_, index) => {
    const profile = makeTwizy(seed, index);
    return { profile, replay: makeTwizyReplay(profile, trips) };
  });
  const lines = readBusWindows(recordings, buses).map((windows, index) => {
    const profile = makeBus(seed, index);
    return { profile, replay: makeBusReplay(profile, windows) };
  });
  return [...twizys, ...lines];
};

import type { WeeklyProfile } from './profile.ts';
import { between, chance } from './random.ts';
import type { Drive } from './week.ts';
import type { Trip } from './twizy-recording.ts';

/** A moment that an accelerometer would call harsh, m/s². Modelled: the recording has none. */
export interface Jolt {
  readonly along?: number;
  readonly across?: number;
}

/** Rows of a trip at which a driver may be harsh: where it slowed down most, sped up most, and turned most while going on. */
interface Candidates {
  readonly braking: number;
  readonly acceleration: number;
  readonly cornering: number;
}

const known = new WeakMap<Trip, Candidates>();
const speedKmhMin = 20;
const spanSeconds = 3;

const findCandidates = ({ rows, headings }: Trip): Candidates => {
  let [braking, acceleration, cornering] = [-1, -1, -1];
  let [slower, faster, turned] = [0, 0, 0];
  for (let i = spanSeconds; i < rows.length - spanSeconds; i++) {
    const kmh = rows[i]?.speedKmh as number;
    if (kmh < speedKmhMin) continue;
    const change = (rows[i + spanSeconds]?.speedKmh as number) - kmh;
    const turn = Math.abs((headings[i] as number) - (headings[i - 1] as number));
    if (-change > slower) [slower, braking] = [-change, i];
    if (change > faster) [faster, acceleration] = [change, i];
    if (turn > turned && turn < 120) [turned, cornering] = [turn, i];
  }
  return { braking, acceleration, cornering };
};

const candidatesOf = (trip: Trip): Candidates => {
  const found = known.get(trip) ?? findCandidates(trip);
  known.set(trip, found);
  return found;
};

/** How many drives of a hundred have one, times how a vehicle is driven. */
const percentOf = { braking: 4, acceleration: 2, cornering: 1.5 } as const;

/** Jolts of a drive by row. */
export const jolts = ({ seed, kind, index, roughness }: WeeklyProfile, { fromMs, route }: Drive): ReadonlyMap<number, Jolt> => {
  const found = new Map<number, Jolt>();
  const candidates = candidatesOf(route.trip);
  const happens = (name: keyof Candidates): boolean =>
    candidates[name] >= 0 && chance(seed, kind, name, index, fromMs) * 100 < percentOf[name] * roughness;
  const strength = (min: number, max: number): number => between(min, max, seed, kind, 'jolt', index, fromMs);
  if (happens('cornering')) found.set(candidates.cornering, { across: strength(5, 6.2) });
  if (happens('acceleration')) found.set(candidates.acceleration, { along: strength(3.5, 4.2) });
  if (happens('braking')) found.set(candidates.braking, { along: -strength(4.5, 6.4) });
  return found;
};

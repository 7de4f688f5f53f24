import { originMs, type Replay, type Signals, slowSignals, tireRiseC } from './model.ts';
import { paths } from './paths.ts';
import type { Profile } from './profile.ts';
import { between, chance } from './random.ts';
import type { Trip, TripRow } from './twizy-recording.ts';

/** Trips that follow each other in place: each tour starts and ends at the same district. */
const tours = [
  ['T1_03_29_2021'],
  ['T2_04_26_2021'],
  ['T3_04_22_2021_1', 'T3_04_22_2021_2'],
  ['T3_04_26_2021_1', 'T3_05_31_2021'],
] as const;

const slowEverySeconds = 60;
const parkedEverySeconds = 45;
const gears: Readonly<Record<string, number>> = { N: 0, D: 1, R: -1 };

interface Leg {
  readonly trip: Trip;
  readonly fromSecond: number;
  readonly parkedFromSecond: number;
  readonly toSecond: number;
  /** Way of the cycle before this leg, m. */
  readonly metresBefore: number;
  /** Battery level at which the next leg starts. */
  readonly nextSocPercent: number;
}

interface Schedule {
  readonly legs: readonly Leg[];
  readonly seconds: number;
  readonly metres: number;
}

/** The six trips in an order of the vehicle's own, with 4 to 10 minutes of parking after each. */
const makeSchedule = (profile: Profile, trips: ReadonlyMap<string, Trip>): Schedule => {
  const order = [...tours].sort(
    (a, b) => chance(profile.seed, 'tour', profile.index, a[0]) - chance(profile.seed, 'tour', profile.index, b[0]),
  );
  const list = order.flat().map((name) => {
    const trip = trips.get(name);
    if (!trip) throw new Error(`the recording has no trip ${name}`);
    return trip;
  });
  let second = 0;
  let metres = 0;
  const legs = list.map((trip, i): Leg => {
    const fromSecond = second;
    const parkedFromSecond = fromSecond + trip.rows.length;
    second = parkedFromSecond + Math.round(between(240, 600, profile.seed, 'pause', profile.index, i));
    const metresBefore = metres;
    metres += trip.metres.at(-1) ?? 0;
    const nextSocPercent = list[(i + 1) % list.length]?.rows[0]?.socPercent ?? 100;
    return { trip, fromSecond, parkedFromSecond, toSecond: second, metresBefore, nextSocPercent };
  });
  return { legs, seconds: second, metres };
};

const positionOf = (trip: Trip, row: TripRow, i: number): Signals => {
  const heading = trip.headings[i] as number;
  return {
    [paths.latitude]: row.lat,
    [paths.longitude]: row.lon,
    [paths.altitude]: row.altitudeM,
    ...(Number.isNaN(heading) ? {} : { [paths.heading]: Math.round(heading * 10) / 10 }),
  };
};

/** Replays the recorded trips for one Twizy, shifted to now: a report each second while driving, now and then while parked. */
export const makeTwizyReplay = (profile: Profile, trips: ReadonlyMap<string, Trip>): Replay => {
  const schedule = makeSchedule(profile, trips);
  const phase = Math.round(chance(profile.seed, 'phase', profile.index) * schedule.seconds);

  const slow = (leg: Leg, i: number, parkedSeconds: number, socPercent: number, timeMs: number, cycle: number): Signals => {
    const row = leg.trip.rows[i] as TripRow;
    return {
      ...slowSignals(profile, {
        timeMs,
        ambientC: row.ambientC,
        riseC: tireRiseC(i) * Math.exp(-parkedSeconds / 1200),
        socPercent,
        mileageM: cycle * schedule.metres + leg.metresBefore + (leg.trip.metres[i] as number),
        load: `${cycle} ${leg.trip.name}`,
      }),
      [paths.outsideHumidity]: row.humidityPercent,
      [paths.gear]: gears[row.gear] ?? 0,
    };
  };

  const driving = (leg: Leg, i: number, timeMs: number, cycle: number): Signals => {
    const { trip } = leg;
    const row = trip.rows[i] as TripRow;
    const isFull = i % slowEverySeconds === 0;
    return {
      [paths.speed]: row.speedKmh,
      [paths.energyPercent]: row.socPercent,
      ...(isFull || trip.isFix[i] ? positionOf(trip, row, i) : {}),
      ...(row.gear === trip.rows[i - 1]?.gear ? {} : { [paths.gear]: gears[row.gear] ?? 0 }),
      ...(isFull ? { ...slow(leg, i, 0, row.socPercent, timeMs, cycle), [paths.isCharging]: false } : {}),
    };
  };

  const parked = (leg: Leg, parkedSeconds: number, timeMs: number, cycle: number): Signals | 'heartbeat' | undefined => {
    if (parkedSeconds % parkedEverySeconds !== 0) return undefined;
    if ((parkedSeconds / parkedEverySeconds) % 2 === 1) return 'heartbeat';
    const last = leg.trip.rows.length - 1;
    const row = leg.trip.rows[last] as TripRow;
    const part = parkedSeconds / (leg.toSecond - leg.parkedFromSecond);
    const socPercent = row.socPercent + (leg.nextSocPercent - row.socPercent) * part;
    return {
      ...slow(leg, last, parkedSeconds, socPercent, timeMs, cycle),
      ...positionOf(leg.trip, row, last),
      [paths.speed]: 0,
      [paths.gear]: 0,
      [paths.energyPercent]: Math.round(socPercent * 100) / 100,
      [paths.isCharging]: leg.nextSocPercent > row.socPercent,
    };
  };

  return (timeMs) => {
    const second = Math.floor((timeMs - originMs) / 1000) + phase;
    const cycle = Math.floor(second / schedule.seconds);
    const inCycle = second - cycle * schedule.seconds;
    const leg = schedule.legs.find((one) => inCycle < one.toSecond) as Leg;
    if (inCycle < leg.parkedFromSecond) return driving(leg, inCycle - leg.fromSecond, timeMs, cycle);
    return parked(leg, inCycle - leg.parkedFromSecond, timeMs, cycle);
  };
};

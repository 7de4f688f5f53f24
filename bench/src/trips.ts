/**
 * What deriving a day of a vehicle costs: `node bench/src/trips.ts [runs]`. Prints one JSON object a line: median CPU (user and system) of a
 * run. Samples are in memory; what reading them from history costs, bench/src/history.ts says.
 */
import { deriveDay, emptySamples, type TripSamples } from '../../server/src/trips/index.ts';
import { readFrom, readTwizyTrips } from '../../server/src/trips/testing/recorded-samples.ts';

const runs = Number(process.argv[2] ?? 15);
/** The first ones are compiled while they run. */
const warmUpRuns = 20;
const dayMs = 86_400_000;
const today = Date.UTC(2026, 9, 5);
const parkedSeconds = 1800;

interface Moment {
  readonly trip: TripSamples;
  readonly row: number;
  readonly isParked: boolean;
}

/**
 * The recorded drives one after the other, with parking after each, over the day and two hours to both sides.
 *
 * @param isParkedAtNight it stands from 23 to 5 o'clock; else it drives over midnight, and more must be read
 */
const makeSamples = (everySeconds: number, isParkedAtNight: boolean): TripSamples => {
  const moments = [...readTwizyTrips().values()].flatMap((trip): Moment[] => {
    const count = trip.times.length;
    return Array.from({ length: count + parkedSeconds }, (_, i) => ({
      trip,
      row: Math.min(i, count - 1),
      isParked: i >= count,
    }));
  });
  const fromMs = today - 7_200_000;
  const times = Float64Array.from({ length: (28 * 3600) / everySeconds }, (_, i) => fromMs + i * everySeconds * 1000);
  const samples = emptySamples(times);
  for (let i = 0; i < times.length; i++) {
    const hour = (((times[i] as number) - today) / 3_600_000 + 24) % 24;
    const second = isParkedAtNight && (hour >= 23 || hour < 5) ? moments.length - 1 : (i * everySeconds) % moments.length;
    const { trip, row, isParked } = moments[second] as Moment;
    for (const name of ['speedKmh', 'latitude', 'longitude', 'energyPercent'] as const)
      samples[name][i] = trip[name][row] as number;
    if (isParked) samples.speedKmh[i] = 0;
    for (const column of samples.tireKpa) column[i] = 220;
    for (const column of samples.tireCelsius) column[i] = 25;
  }
  return samples;
};

const medianOf = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

for (const [everySeconds, isParkedAtNight] of [
  [1, true],
  [1, false],
  [5, true],
  [30, true],
  [120, true],
] as const) {
  const read = readFrom(makeSamples(everySeconds, isParkedAtNight));
  const cpuMs: number[] = [];
  let trips = 0;
  for (let run = 0; run < runs + warmUpRuns; run++) {
    const since = process.cpuUsage();
    const day = await deriveDay(today, read, { packKwh: 6.1 }, today + 3 * dayMs);
    const { user, system } = process.cpuUsage(since);
    if (run >= warmUpRuns) cpuMs.push((user + system) / 1000);
    trips = day.trips.length;
  }
  const figures = { samples: dayMs / 1000 / everySeconds, trips, cpuMs: Math.round(medianOf(cpuMs) * 10) / 10 };
  const what = `a sample each ${everySeconds} s${isParkedAtNight ? '' : ', driven over both midnights'}`;
  console.log(JSON.stringify({ what, ...figures }));
}

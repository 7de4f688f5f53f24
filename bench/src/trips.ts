/**
 * What deriving a day of a vehicle costs: `node bench/src/trips.ts [runs]`. Prints one JSON object a line: median CPU (user and system) of a
 * run. Samples are in memory; what reading them from history costs, bench/src/history.ts says.
 */
import { deriveDay, emptySamples, type TripSamples } from '../../server/src/trips/index.ts';
import { readFrom, readTwizyTrips } from '../../server/src/trips/testing/recorded-samples.ts';

const runs = Number(process.argv[2] ?? 15);
/** The first ones are compiled while they run. */
const warmUpRuns = 3;
const dayMs = 86_400_000;
const today = Date.UTC(2026, 9, 5);
const parkedSeconds = 1800;

interface Moment {
  readonly trip: TripSamples;
  readonly row: number;
}

/** The recorded drives one after the other, with parking after each, over the day and two hours to both sides. */
const makeSamples = (everySeconds: number): TripSamples => {
  const moments = [...readTwizyTrips().values()].flatMap((trip): Moment[] => {
    const count = trip.times.length;
    return Array.from({ length: count + parkedSeconds }, (_, i) => ({ trip, row: Math.min(i, count - 1) }));
  });
  const fromMs = today - 7_200_000;
  const times = Float64Array.from({ length: (28 * 3600) / everySeconds }, (_, i) => fromMs + i * everySeconds * 1000);
  const samples = emptySamples(times);
  for (let i = 0; i < times.length; i++) {
    const { trip, row } = moments[(i * everySeconds) % moments.length] as Moment;
    for (const name of ['speedKmh', 'latitude', 'longitude', 'energyPercent'] as const)
      samples[name][i] = trip[name][row] as number;
    for (const column of samples.tireKpa) column[i] = 220;
    for (const column of samples.tireCelsius) column[i] = 25;
  }
  return samples;
};

const medianOf = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

for (const everySeconds of [1, 5, 30, 120]) {
  const read = readFrom(makeSamples(everySeconds));
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
  console.log(JSON.stringify({ what: `a sample each ${everySeconds} s`, ...figures }));
}

/**
 * What deriving a day of a vehicle costs: `node bench/src/trips.ts [runs]`. Prints one JSON object a line: median CPU (user and system) of a
 * run. Samples are in memory; what reading them from history costs, bench/src/history.ts says.
 */
import { deriveDay } from '../../server/src/trips/index.ts';
import { readFrom } from '../../server/src/trips/testing/recorded-samples.ts';
import { makeDrivenSamples } from './driven-samples.ts';

const runs = Number(process.argv[2] ?? 15);
/** The first ones are compiled while they run. */
const warmUpRuns = 20;
const dayMs = 86_400_000;
const today = Date.UTC(2026, 9, 5);
const medianOf = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

for (const [everySeconds, isParkedAtNight] of [
  [1, true],
  [1, false],
  [5, true],
  [30, true],
  [120, true],
] as const) {
  const read = readFrom(makeDrivenSamples(today, everySeconds, isParkedAtNight));
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

import { metersPerDegree } from '../geometry.ts';
import { emptySamples } from '../samples.ts';
import type { TripSamples } from '../types.ts';
import { groupRows, readRows } from './recorded-samples.ts';

/** Six minutes of a delivery van and who drives it, a fix about every 5 s, each labelled: driving, or on foot, which is a stop of the van. */
export interface Trajectory {
  readonly samples: TripSamples;
  /** One a fix. */
  readonly isDriving: readonly boolean[];
}

/** Their times count from the start of a day that is not said. */
const dayMs = Date.UTC(2022, 10, 1);

/** Positions are meters from a centre that is not said: put where a degree is as long in both directions. */
const toTrajectory = (rows: readonly string[][]): Trajectory => {
  const samples = emptySamples(Float64Array.from(rows, (row) => dayMs + Number(row[1]) * 1000));
  for (const [i, row] of rows.entries()) {
    samples.longitude[i] = Number(row[2]) / metersPerDegree;
    samples.latitude[i] = Number(row[3]) / metersPerDegree;
  }
  return { samples, isDriving: rows.map((row) => row[4] === 'Driving') };
};

/** The 202 labelled trajectories in the order of the file: on the even ones things are tuned, on the odd ones they are measured. */
export const readTrajectories = (): { even: readonly Trajectory[]; odd: readonly Trajectory[] } => {
  const file = new URL('recorded/goal-delivery-gps/trajectories.csv.gz', import.meta.url);
  const all = [...groupRows(readRows(file)).values()].map(toTrajectory);
  return { even: all.filter((_, i) => i % 2 === 0), odd: all.filter((_, i) => i % 2 === 1) };
};

/** Every so-manieth fix, as a device that reports less often. */
export const thin = ({ samples, isDriving }: Trajectory, nth: number, from: number): Trajectory => {
  const rows = isDriving.flatMap((_, i) => (i % nth === from ? [i] : []));
  const thinned = emptySamples(Float64Array.from(rows, (row) => samples.times[row] as number));
  for (const [i, row] of rows.entries()) {
    thinned.latitude[i] = samples.latitude[row] as number;
    thinned.longitude[i] = samples.longitude[row] as number;
  }
  return { samples: thinned, isDriving: rows.map((row) => isDriving[row] as boolean) };
};

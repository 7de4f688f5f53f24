import type { FigureSource, HarshKind } from '@milepost/contract/api';
import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import { firstPlace } from './places.ts';
import type { Segment } from './segments.ts';
import type { HarshEvent } from './types.ts';

/** Acceleration along, or to a side, at rows of the samples, m/s². */
interface Push {
  readonly row: number;
  readonly value: number;
}

const hasAny = (column: Float64Array, first: number, last: number): boolean => {
  for (let row = first; row <= last; row++) if (column[row] === column[row]) return true;
  return false;
};

const measuredPushes = (column: Float64Array, first: number, last: number): Push[] => {
  const pushes: Push[] = [];
  for (let row = first; row <= last; row++) if (column[row] === column[row]) pushes.push({ row, value: column[row] as number });
  return pushes;
};

interface Reading {
  readonly row: number;
  readonly kmh: number;
  readonly ms: number;
}

/** Runs of speeds at 1 Hz or quicker in which none is held: a held one followed by another looks like a jolt and is none. */
const findRuns = ({ times, speedKmh }: Analysis['samples'], first: number, last: number): Reading[][] => {
  const runs: Reading[][] = [];
  let run: Reading[] = [];
  let held: Reading | undefined;
  let before: Reading | undefined;
  const close = (): void => {
    if (run.length > 2) runs.push(run);
    run = [];
  };
  for (let row = first; row <= last; row++) {
    const kmh = Math.abs(speedKmh[row] as number);
    if (kmh !== kmh) continue;
    const reading = { row, kmh, ms: times[row] as number };
    if (before && reading.ms - before.ms > tripLimits.harshStepMsMax) {
      close();
      held = undefined;
    }
    if (held?.kmh !== kmh) held = reading;
    if (reading.ms - held.ms > tripLimits.harshHoldMsMax) close();
    else run.push(reading);
    before = reading;
  }
  close();
  return runs;
};

/** Whether one step makes up most of a change: a wrong speed does. */
const isOneStep = (run: readonly Reading[], from: number, to: number): boolean => {
  const change = Math.abs((run[to] as Reading).kmh - (run[from] as Reading).kmh);
  for (let k = from + 1; k <= to; k++)
    if (Math.abs((run[k] as Reading).kmh - (run[k - 1] as Reading).kmh) > change * tripLimits.harshStepPartMax) return true;
  return false;
};

/** Mean over two seconds. */
const modelledPushes = (samples: Analysis['samples'], first: number, last: number): Push[] =>
  findRuns(samples, first, last).flatMap((run) => {
    const pushes: Push[] = [];
    let from = 0;
    for (const [k, { row, kmh, ms }] of run.entries()) {
      while (from + 1 < k && ms - (run[from + 1] as Reading).ms >= tripLimits.harshSpanMs) from++;
      const start = run[from] as Reading;
      const value = (kmh - start.kmh) / 3.6 / ((ms - start.ms) / 1000);
      if (
        ms - start.ms < tripLimits.harshSpanMs ||
        Math.abs(value) < Math.min(tripLimits.harshAcceleration, tripLimits.harshBraking)
      )
        continue;
      if (!isOneStep(run, from, k)) pushes.push({ row, value });
    }
    return pushes;
  });

/** Nodes of a trip between which a row lies. */
const nodeOf = ({ track }: Analysis, { from, to }: Segment, row: number): number => {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((track.rows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Each time in which a threshold is passed while driving is one event, with its strongest moment. */
const findEvents = (
  analysis: Analysis,
  segment: Segment,
  pushes: readonly Push[],
  { kind, sign, min, source }: { kind: HarshKind; sign: 1 | -1 | 0; min: number; source: FigureSource },
): HarshEvent[] => {
  const { times } = analysis.samples;
  const events: (Push & { lastMs: number })[] = [];
  for (const { row, value } of pushes) {
    const strength = sign === 0 ? Math.abs(value) : value * sign;
    if (!(strength >= min)) continue;
    const node = nodeOf(analysis, segment, row);
    if (analysis.kinds[Math.max(segment.from, node - 1)] !== stepKinds.driving) continue;
    const last = events.at(-1);
    const ms = times[row] as number;
    if (!last || ms - last.lastMs > tripLimits.harshApartMs) events.push({ row, value: strength, lastMs: ms });
    else events[events.length - 1] = { ...(strength > last.value ? { row, value: strength } : last), lastMs: ms };
  }
  return events.map(({ row, value }) => ({
    kind,
    atMs: times[row] as number,
    metersPerSecond2: value,
    position: firstPlace(analysis, nodeOf(analysis, segment, row), segment.to),
    source,
  }));
};

/**
 * Harsh braking, acceleration and cornering of a trip by its accelerometer; without one, braking and acceleration by speeds at 1 Hz.
 * Thresholds: Simons-Morton et al., American Journal of Epidemiology 175 (2012), doi 10.1093/aje/kwr440.
 */
export const findHarshEvents = (analysis: Analysis, segment: Segment): HarshEvent[] => {
  const { samples, track } = analysis;
  const [first, last] = [track.rows[segment.from] as number, track.rows[segment.to] as number];
  const isMeasured = hasAny(samples.longitudinal, first, last);
  const source: FigureSource = isMeasured ? 'measured' : 'modelled';
  const along = isMeasured ? measuredPushes(samples.longitudinal, first, last) : modelledPushes(samples, first, last);
  return [
    ...findEvents(analysis, segment, along, { kind: 'braking', sign: -1, min: tripLimits.harshBraking, source }),
    ...findEvents(analysis, segment, along, { kind: 'acceleration', sign: 1, min: tripLimits.harshAcceleration, source }),
    ...findEvents(analysis, segment, measuredPushes(samples.lateral, first, last), {
      kind: 'cornering',
      sign: 0,
      min: tripLimits.harshCornering,
      source: 'measured',
    }),
  ].sort((a, b) => a.atMs - b.atMs || (a.kind < b.kind ? -1 : 1));
};

import type { FigureSource, HarshKind } from '@milepost/contract/api';
import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import { firstPlace } from './places.ts';
import type { Segment } from './segments.ts';
import type { HarshEvent, TripSamples } from './types.ts';

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

/** Speeds at rows of the samples that follow each other at 1 Hz or quicker, none of them held. */
class Run {
  readonly #rows: Int32Array;
  readonly #times: Float64Array;
  readonly #kmh: Float64Array;
  #count = 0;
  #from = 0;

  constructor({ times, speedKmh }: TripSamples, length: number) {
    this.#rows = new Int32Array(length);
    this.#times = times;
    this.#kmh = speedKmh;
  }

  clear(): void {
    this.#count = 0;
    this.#from = 0;
  }

  #speedAt(k: number): number {
    return Math.abs(this.#kmh[this.#rows[k] as number] as number);
  }

  /** @returns the mean acceleration over the last two seconds, m/s²; 0 when it says nothing */
  add(row: number): number {
    const [rows, times] = [this.#rows, this.#times];
    const last = this.#count++;
    rows[last] = row;
    const timeMs = times[row] as number;
    while (this.#from + 1 < last && timeMs - (times[rows[this.#from + 1] as number] as number) >= tripLimits.harshSpanMs)
      this.#from++;
    const ms = timeMs - (times[rows[this.#from] as number] as number);
    if (ms < tripLimits.harshSpanMs) return 0;
    const value = (this.#speedAt(last) - this.#speedAt(this.#from)) / 3.6 / (ms / 1000);
    if (Math.abs(value) < Math.min(tripLimits.harshAcceleration, tripLimits.harshBraking)) return 0;
    return this.#isOneStep(last) ? 0 : value;
  }

  /** Whether one step makes up most of the change: a wrong speed does. */
  #isOneStep(last: number): boolean {
    const change = Math.abs(this.#speedAt(last) - this.#speedAt(this.#from));
    for (let k = this.#from + 1; k <= last; k++)
      if (Math.abs(this.#speedAt(k) - this.#speedAt(k - 1)) > change * tripLimits.harshStepPartMax) return true;
    return false;
  }
}

/** From speeds. A held one followed by another looks like a jolt and is none. */
const modelledPushes = (samples: TripSamples, first: number, last: number): Push[] => {
  const { times, speedKmh } = samples;
  const run = new Run(samples, last - first + 1);
  const pushes: Push[] = [];
  let [heldKmh, heldMs, beforeMs] = [Number.NaN, 0, Number.NaN];
  for (let row = first; row <= last; row++) {
    const kmh = Math.abs(speedKmh[row] as number);
    if (kmh !== kmh) continue;
    const timeMs = times[row] as number;
    if (!(timeMs - beforeMs <= tripLimits.harshStepMsMax)) {
      run.clear();
      heldKmh = Number.NaN;
    }
    beforeMs = timeMs;
    if (kmh !== heldKmh) [heldKmh, heldMs] = [kmh, timeMs];
    if (timeMs - heldMs > tripLimits.harshHoldMsMax) {
      run.clear();
      continue;
    }
    const value = run.add(row);
    if (value !== 0) pushes.push({ row, value });
  }
  return pushes;
};

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

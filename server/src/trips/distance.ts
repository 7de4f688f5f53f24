import type { Analysis } from './analysis.ts';
import { metersBetween } from './geometry.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Trip } from './types.ts';

/** How far a trip had gone at each of its nodes, m. */
export interface Way {
  /** The first node. */
  readonly from: number;
  /** From 0 to `meters`, one a node. */
  readonly atNode: Float64Array;
  readonly meters: number;
  readonly source: Trip['distanceSource'];
}

const kmhOf = (meters: number, ms: number): number => (meters * 3600) / ms;

/** By the steps as movement was found in them: driven ones, and creeping that a speed tells. */
const bySteps = ({ steps, kinds }: Analysis, from: number, to: number): Float64Array => {
  const way = new Float64Array(to - from + 1);
  for (let at = from; at < to; at++) {
    const meters = steps.meters[at] as number;
    const counts = meters === meters && (kinds[at] !== stepKinds.standing || steps.isBySpeed[at] === 1);
    way[at - from + 1] = (way[at - from] as number) + (counts ? meters : 0);
  }
  return way;
};

interface PositionWay {
  readonly way: Float64Array;
  /** Part of the driven time that lies between fixes near enough. */
  readonly coverage: number;
}

/** From fix to fix, where something in between was driven; what lies before the first and after the last comes from the steps. */
const byPositions = ({ track, kinds }: Analysis, base: Float64Array, from: number, to: number): PositionWay => {
  const { times, latitude, longitude } = track;
  const way = new Float64Array(base.length);
  let last = -1;
  let [drivenMs, coveredMs] = [0, 0];
  for (let at = from; at <= to; at++) {
    const step = at > from ? (base[at - from] as number) - (base[at - from - 1] as number) : 0;
    way[at - from] = (way[Math.max(0, at - from - 1)] as number) + step;
    if (at > from && kinds[at - 1] !== stepKinds.standing) drivenMs += (times[at] as number) - (times[at - 1] as number);
    if (latitude[at] !== latitude[at]) continue;
    if (last >= 0) {
      const ms = (times[at] as number) - (times[last] as number);
      const meters = metersBetween(
        latitude[last] as number,
        longitude[last] as number,
        latitude[at] as number,
        longitude[at] as number,
      );
      let isDriven = false;
      for (let k = last; k < at && !isDriven; k++) isDriven = kinds[k] !== stepKinds.standing;
      if (kmhOf(meters, ms) <= tripLimits.speedKmhMax) {
        const start = way[last - from] as number;
        for (let k = last + 1; k <= at; k++) {
          const part = ((times[k] as number) - (times[last] as number)) / ms;
          way[k - from] = start + (isDriven ? meters * part : 0);
        }
        if (isDriven && ms <= tripLimits.nearFixMs) coveredMs += ms;
      }
    }
    last = at;
  }
  return { way, coverage: drivenMs === 0 ? 0 : coveredMs / drivenMs };
};

/** Part of the driven time in which speed was reported. */
const speedCoverage = ({ track, steps, kinds }: Analysis, from: number, to: number): number => {
  let [drivenMs, coveredMs] = [0, 0];
  for (let at = from; at < to; at++) {
    if (kinds[at] === stepKinds.standing) continue;
    const ms = (track.times[at + 1] as number) - (track.times[at] as number);
    drivenMs += ms;
    if (steps.isBySpeed[at] === 1) coveredMs += ms;
  }
  return drivenMs === 0 ? 0 : coveredMs / drivenMs;
};

const stretch = (way: Float64Array, from: number, to: number, meters: number, times: Float64Array, first: number): void => {
  const [start, end] = [way[from] as number, way[to] as number];
  const shift = meters - (end - start);
  const rest = way.slice(to + 1);
  const [startMs, endMs] = [times[first + from] as number, times[first + to] as number];
  for (let k = from + 1; k <= to; k++) {
    const part =
      end > start ? ((way[k] as number) - start) / (end - start) : ((times[first + k] as number) - startMs) / (endMs - startMs);
    way[k] = start + meters * part;
  }
  for (let k = 0; k < rest.length; k++) way[to + 1 + k] = (rest[k] as number) + shift;
};

/** Odometers count in meters, tenths of a kilometre or kilometres: the largest that all values are multiples of, m. */
const resolutionOf = (values: readonly number[]): number =>
  [1000, 100, 10].find((unit) => values.every((value) => value % unit === 0)) ?? 1;

interface OdometerSpan {
  readonly fromNode: number;
  readonly toNode: number;
  readonly meters: number;
}

/** First and last reading of a trip; what was read while standing just before it is where it began. */
const readOdometer = ({ track, kinds }: Analysis, from: number, to: number): OdometerSpan | null => {
  const { times, odometerM } = track;
  const values: number[] = [];
  let [first, last] = [-1, -1];
  for (let at = from; at <= to; at++) {
    if (odometerM[at] !== odometerM[at]) continue;
    if (first < 0) first = at;
    last = at;
    values.push(odometerM[at] as number);
  }
  if (first < 0) return null;
  let start = odometerM[first] as number;
  let fromNode = first;
  for (let at = from; at >= 0 && fromNode !== from; at--) {
    if ((times[from] as number) - (times[at] as number) > tripLimits.silenceMs) break;
    if (at < from && kinds[at] !== stepKinds.standing) break;
    if (odometerM[at] !== odometerM[at]) continue;
    start = odometerM[at] as number;
    values.push(start);
    fromNode = from;
  }
  const meters = (odometerM[last] as number) - start;
  const isFine = meters >= tripLimits.odometerStepsMin * resolutionOf(values);
  const ms = (times[last] as number) - (times[fromNode] as number);
  return isFine && ms > 0 && kmhOf(meters, ms) <= tripLimits.speedKmhMax ? { fromNode, toNode: last, meters } : null;
};

/**
 * How far a trip went: by the odometer, where it is fine enough for so long a trip; else from position to position, unless they are far
 * apart and speed is not; else by speed over time.
 */
export const measureWay = (analysis: Analysis, from: number, to: number): Way => {
  const base = bySteps(analysis, from, to);
  const positions = byPositions(analysis, base, from, to);
  const speed = speedCoverage(analysis, from, to);
  const isByPositions =
    positions.coverage >= tripLimits.coverageMin || positions.coverage >= speed || speed < tripLimits.coverageMin;
  const way = isByPositions ? positions.way : base;
  const odometer = readOdometer(analysis, from, to);
  if (odometer) stretch(way, odometer.fromNode - from, odometer.toNode - from, odometer.meters, analysis.track.times, from);
  const hasPositions = analysis.track.latitude.subarray(from, to + 1).some((value) => value === value);
  const source = odometer ? 'odometer' : isByPositions && hasPositions ? 'positions' : 'speed';
  return { from, atNode: way, meters: way.at(-1) as number, source };
};

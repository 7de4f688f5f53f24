import type { Analysis } from './analysis.ts';
import type { Way } from './distance.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Segment } from './segments.ts';
import type { Gap } from './types.ts';

/** Spans between nodes of a trip that are much longer than its usual ones. */
const findLong = (nodes: Int32Array, times: Float64Array): [number, number][] => {
  const spans = new Float64Array(Math.max(0, nodes.length - 1));
  for (let k = 0; k < spans.length; k++)
    spans[k] = (times[nodes[k + 1] as number] as number) - (times[nodes[k] as number] as number);
  const longest = spans.reduce((most, ms) => Math.max(most, ms), 0);
  if (longest <= tripLimits.gapMsMin) return [];
  const usualMs = spans.slice().sort()[spans.length >> 1] as number;
  const longMs = Math.max(tripLimits.gapMsMin, usualMs * tripLimits.gapSteps);
  const long: [number, number][] = [];
  for (let k = 0; k < spans.length; k++)
    if ((spans[k] as number) > longMs) long.push([nodes[k] as number, nodes[k + 1] as number]);
  return long;
};

const isDriven = ({ kinds }: Analysis, from: number, to: number): boolean => {
  for (let at = from; at < to; at++) if (kinds[at] !== stepKinds.standing) return true;
  return false;
};

/** Of the odometer before and after; null: it was not read there. */
const odometerWay = ({ track }: Analysis, way: Way, from: number, to: number): number | null => {
  if (way.source !== 'odometer') return null;
  const meters = (track.odometerM[to] as number) - (track.odometerM[from] as number);
  return meters >= 0 ? meters : null;
};

/** Times of a trip without samples, or without positions while it drove. */
export const findGaps = (analysis: Analysis, { from, to }: Segment, way: Way): Gap[] => {
  const { times, latitude } = analysis.track;
  const nodes = Int32Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const silent = findLong(nodes, times);
  const fixes = nodes.filter((node) => latitude[node] === latitude[node]);
  const ends = fixes.length === 0 ? fixes : Int32Array.from(new Set([from, ...fixes, to]));
  const blind = findLong(ends, times).filter(([a, b]) => isDriven(analysis, a, b));
  const all = [...silent, ...blind].sort(([a, b], [c, d]) => a - c || d - b);
  const gaps: Gap[] = [];
  let reached = -1;
  for (const [a, b] of all) {
    // A silence within a time without positions is that one gap.
    if (b <= reached) continue;
    reached = b;
    gaps.push({ fromMs: times[a] as number, toMs: times[b] as number, distanceM: odometerWay(analysis, way, a, b) });
  }
  return gaps;
};

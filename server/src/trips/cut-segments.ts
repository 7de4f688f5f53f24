import { type Analysis, endOf, startOf } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { dayLengthMs } from './read-window.ts';
import type { Segment } from './segments.ts';

/** First node at or after a time. */
const nodeAt = ({ track }: Analysis, timeMs: number, from: number, to: number): number => {
  let at = from;
  while (at < to && (track.times[at] as number) < timeMs) at++;
  return at;
};

/**
 * What of the segments touches a day. A trip is cut at the first midnight at which it has lasted `tripMsMax`, so that each day knows its own
 * trips without reading on for ever.
 */
export const cutSegments = (analysis: Analysis, dayMs: number): Segment[] => {
  const endMs = dayMs + dayLengthMs;
  return analysis.segments.flatMap((segment) => {
    const startMs = startOf(analysis, segment);
    if (startMs >= endMs || (endOf(analysis, segment) <= dayMs && startMs < dayMs)) return [];
    if (segment.kind === 'stop') return [segment];
    let cut = segment;
    if (startMs <= dayMs - tripLimits.tripMsMax) cut = { ...cut, from: nodeAt(analysis, dayMs, cut.from, cut.to) };
    const fromMs = startOf(analysis, cut);
    if (fromMs >= endMs || cut.from === cut.to) return [];
    const lastMs = fromMs <= dayMs || startMs <= dayMs - tripLimits.tripMsMax ? endMs : endMs + tripLimits.tripMsMax;
    const to = nodeAt(analysis, lastMs, cut.from, cut.to);
    return [to < cut.to ? { ...cut, to, isLast: false } : cut];
  });
};

import { type Analysis, analyse, startOf } from './analysis.ts';
import { mayHaveBegunBefore } from './charging-sessions.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import { inOrder, joinSamples } from './samples.ts';
import type { ReadSamples } from './types.ts';

export const dayLengthMs = 86_400_000;

const { contextMs, tripMsMax } = tripLimits;
/**
 * How far beyond the day is read, one after the other, until everything that begins on it is known: most stand at midnight, and until the
 * morning.
 */
const backMs = [contextMs + 900_000, contextMs + 7_200_000, contextMs + 25_200_000, contextMs + tripMsMax] as const;
const aheadMs = [contextMs + 900_000, contextMs + 32_400_000, contextMs + tripMsMax] as const;

/** Whether something certain ends at or before the day begins: then nothing further back decides what begins on it. */
const isBeginningKnown = ({ fromMs, track, kinds }: Analysis, dayMs: number): boolean => {
  const { times, count } = track;
  let standsFromMs = Number.NaN;
  for (let at = 0; at < count - 1 && (times[at] as number) <= dayMs; at++) {
    const [start, end] = [times[at] as number, times[at + 1] as number];
    const isSilence = end - start > tripLimits.silenceMs && start >= fromMs + tripLimits.fixHoldMs;
    if (start < fromMs + contextMs && !isSilence) continue;
    const kind = kinds[at] as number;
    if (kind === stepKinds.apart || kind === stepKinds.hole) return true;
    if (kind === stepKinds.driving) standsFromMs = Number.NaN;
    else {
      if (standsFromMs !== standsFromMs) standsFromMs = start;
      if (end - standsFromMs >= tripLimits.stopMs) return true;
    }
  }
  return false;
};

/** Whether what began on the day has ended for certain, and nothing more began on it. */
const isEndKnown = (analysis: Analysis, dayMs: number): boolean => {
  const { segments, toMs, track } = analysis;
  const endMs = dayMs + dayLengthMs;
  if (track.count === 0) return true;
  // What its last samples of the day began with is said by those that follow a silence.
  const lastMs = track.times[track.count - 1] as number;
  if (lastMs < endMs) return lastMs < dayMs;
  const next = segments.findIndex((segment) => startOf(analysis, segment) >= endMs);
  const last = segments[next < 0 ? segments.length - 1 : next - 1];
  if (!last || startOf(analysis, last) < dayMs) return true;
  if (next < 0) return false;
  // After so long a silence nothing that was driven before goes on.
  const sureMs = Math.min(segments[next]?.sureMs as number, lastMs + tripLimits.silenceMsMax);
  return sureMs <= toMs - contextMs;
};

/** Reads a day and what lies around it, as far as is needed to know what begins on it. */
export const readWindow = async (dayMs: number, read: ReadSamples, nowMs: number): Promise<Analysis> => {
  const horizonMs = Math.max(dayMs, nowMs + tripLimits.clockAheadMs);
  const [back, ahead] = [[...backMs], [...aheadMs]];
  let fromMs = dayMs - (back.shift() as number);
  let toMs = Math.min(horizonMs, dayMs + dayLengthMs + (ahead.shift() as number));
  let samples = inOrder(await read(fromMs, toMs));
  for (;;) {
    const analysis = analyse(samples, fromMs, toMs, nowMs);
    const mustReadBack = back.length > 0 && (!isBeginningKnown(analysis, dayMs) || mayHaveBegunBefore(analysis, dayMs));
    const more = mustReadBack ? dayMs - (back.shift() as number) : fromMs;
    const mustReadAhead = ahead.length > 0 && toMs < horizonMs && !isEndKnown(analysis, dayMs);
    const later = mustReadAhead ? Math.min(horizonMs, dayMs + dayLengthMs + (ahead.shift() as number)) : toMs;
    if (more === fromMs && later === toMs) return analysis;
    const before = more < fromMs ? [inOrder(await read(more, fromMs))] : [];
    const after = later > toMs ? [inOrder(await read(toMs, later))] : [];
    samples = joinSamples([...before, samples, ...after]);
    fromMs = more;
    toMs = later;
  }
};

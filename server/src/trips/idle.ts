import type { Analysis } from './analysis.ts';
import { tripLimits } from './limits.ts';
import { stepKinds } from './movement.ts';
import type { Segment } from './segments.ts';
import { isIgnitionOn } from './track.ts';

/** A time in which a vehicle stood ready to drive, ms. */
export interface Idling {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Within a trip every pause idles in which the ignition is not known to be off. Within a stop only while the ignition is known to be on, for as
 * long as that is believed.
 */
export const findIdling = ({ samples, track, kinds }: Analysis, { kind, from, to }: Segment): Idling[] => {
  const idling: Idling[] = [];
  const add = (fromMs: number, toMs: number): void => {
    const last = idling.at(-1);
    if (last?.toMs === fromMs) idling[idling.length - 1] = { fromMs: last.fromMs, toMs };
    else idling.push({ fromMs, toMs });
  };
  if (kind === 'trip') {
    for (let at = from; at < to; at++) {
      const isOff = track.isAtRest[at] === 1 && track.isAtRest[at + 1] === 1;
      const ms = (track.times[at + 1] as number) - (track.times[at] as number);
      if (kinds[at] === stepKinds.standing && !isOff && ms <= tripLimits.stateHoldMs)
        add(track.times[at] as number, track.times[at + 1] as number);
    }
    return idling;
  }
  let onAtMs = Number.NEGATIVE_INFINITY;
  let beforeMs = track.times[from] as number;
  for (let row = track.rows[from] as number; row <= (track.rows[to] as number); row++) {
    const timeMs = samples.times[row] as number;
    if (timeMs > beforeMs && onAtMs > Number.NEGATIVE_INFINITY) {
      const untilMs = Math.min(timeMs, onAtMs + tripLimits.stateHoldMs);
      if (untilMs > beforeMs) add(beforeMs, untilMs);
    }
    const state = samples.ignition[row] as number;
    if (state === state) onAtMs = isIgnitionOn(state) ? timeMs : Number.NEGATIVE_INFINITY;
    beforeMs = timeMs;
  }
  return idling;
};

export const sumIdling = (idling: readonly Idling[]): number => idling.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);

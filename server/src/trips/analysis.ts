import { tripLimits } from './limits.ts';
import { findMovement } from './movement.ts';
import { findSegments, type Segment } from './segments.ts';
import { makeSteps, type Steps } from './steps.ts';
import { makeTrack, type Track } from './track.ts';
import type { TripSamples } from './types.ts';

/** What samples show, from `fromMs` to before `toMs`. */
export interface Analysis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly samples: TripSamples;
  readonly track: Track;
  readonly steps: Steps;
  /** Of each step, `stepKinds`. */
  readonly kinds: Uint8Array;
  readonly segments: readonly Segment[];
}

/** @param nowMs what is silent so long before it as a trip needs no samples has ended */
export const analyse = (samples: TripSamples, fromMs: number, toMs: number, nowMs: number): Analysis => {
  const track = makeTrack(samples);
  const steps = makeSteps(track);
  const kinds = findMovement(track, steps);
  const lastMs = track.count === 0 ? Number.NEGATIVE_INFINITY : (track.times[track.count - 1] as number);
  const isSilent = Math.min(nowMs, toMs) - lastMs > tripLimits.silenceMs;
  return { fromMs, toMs, samples, track, steps, kinds, segments: findSegments(track, steps, kinds, isSilent) };
};

export const startOf = ({ track }: Analysis, { from }: Segment): number => track.times[from] as number;
export const endOf = ({ track }: Analysis, { to }: Segment): number => track.times[to] as number;

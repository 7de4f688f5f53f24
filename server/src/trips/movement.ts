import { tripLimits } from './limits.ts';
import { FeatureReader } from './movement-features.ts';
import { detectorWeights, type DetectorWeights } from './movement-weights.ts';
import type { Steps } from './steps.ts';
import type { Track } from './track.ts';

/** What happened between two nodes of a track. */
export const stepKinds = {
  /** Stood, or was walked with. */
  standing: 0,
  driving: 1,
  /** Nothing was reported; it is elsewhere afterwards, and when it drove is not known. */
  apart: 2,
  /** So long a silence that nothing before has to do with anything after. */
  hole: 3,
} as const;

const isSilence = ({ times }: Track, at: number): boolean =>
  (times[at + 1] as number) - (times[at] as number) > tripLimits.silenceMs;

/** What is certain of a step, whatever it looks like: 1 driven, −1 stood, 0 nothing. */
const knownOf = (track: Track, steps: Steps, at: number): -1 | 0 | 1 => {
  const ms = (track.times[at + 1] as number) - (track.times[at] as number);
  const meters = steps.meters[at] as number;
  if (ms > tripLimits.sparseMs) return meters >= tripLimits.sparseMetersMin ? 1 : -1;
  // Walking around with the ignition off or while charging is none of the vehicle's; with the ignition on it creeps through a jam.
  if (track.isAtRest[at] === 1 && track.isAtRest[at + 1] === 1) return -1;
  const creeps = steps.isBySpeed[at] === 1 && track.isOn[at] === 1 && track.isOn[at + 1] === 1;
  return creeps && (meters * 3600) / ms >= tripLimits.creepKmhMin ? 1 : 0;
};

/** How likely each step was driven: the logarithm of the odds. NaN of a silence, which says nothing about what lies around it. */
export const scoreSteps = (track: Track, steps: Steps, weights: DetectorWeights): Float64Array => {
  const reader = new FeatureReader(track, steps);
  const { features } = reader;
  const scores = new Float64Array(steps.count);
  for (let at = 0; at < steps.count; at++) {
    const isStill = reader.read(at);
    if (isSilence(track, at)) {
      scores[at] = Number.NaN;
      continue;
    }
    const known = knownOf(track, steps, at);
    if (known !== 0 || isStill) {
      scores[at] = (known === 0 ? -1 : known) * weights.certain;
      continue;
    }
    let score = weights.bias;
    for (let f = 0; f < features.length; f++) score += (features[f] as number) * (weights.features[f] as number);
    scores[at] = score;
  }
  return scores;
};

/** The likeliest sequence of driving and standing of the steps from `from` to before `to` (Viterbi), changes being rare. */
const decode = (scores: Float64Array, from: number, to: number, change: number, into: Uint8Array): void => {
  let [standing, driving] = [0, 0];
  for (let at = from; at < to; at++) {
    const [stays, goes] = [standing, driving];
    const score = scores[at] as number;
    const cost = score === score ? change : 0;
    const isFromDriving = goes - cost > stays;
    const isFromStanding = stays - cost > goes;
    standing = isFromDriving ? goes - cost : stays;
    driving = (isFromStanding ? stays - cost : goes) + (score === score ? score : 0);
    into[at] = (isFromDriving ? 1 : 0) | (isFromStanding ? 2 : 0);
  }
  let isDriving = driving > standing;
  for (let at = to - 1; at >= from; at--) {
    const back = into[at] as number;
    into[at] = isDriving ? stepKinds.driving : stepKinds.standing;
    isDriving = isDriving ? (back & 2) === 0 : (back & 1) !== 0;
  }
};

/** Steps across a silence: what lies at its ends decides. */
const markSilences = (track: Track, steps: Steps, kinds: Uint8Array): void => {
  for (let at = 0; at < steps.count; at++) {
    const ms = (track.times[at + 1] as number) - (track.times[at] as number);
    if (!isSilence(track, at)) continue;
    const way = steps.meters[at] as number;
    const isDriven = (way * 3600) / ms >= tripLimits.silenceKmhMin && ms <= tripLimits.silenceMsMax;
    if (ms >= tripLimits.tripMsMax) kinds[at] = stepKinds.hole;
    else if (!(way >= tripLimits.silenceMetersMin)) kinds[at] = stepKinds.standing;
    else kinds[at] = isDriven ? stepKinds.driving : stepKinds.apart;
  }
};

/**
 * Which steps of a track were driven. Decoded by pieces on the clock, with what lies around them: what a step is depends on nothing further
 * away, so it is the same whatever else was read.
 */
export const findMovement = (track: Track, steps: Steps, weights: DetectorWeights = detectorWeights): Uint8Array => {
  const scores = scoreSteps(track, steps, weights);
  const kinds = new Uint8Array(steps.count);
  const scratch = new Uint8Array(steps.count);
  const { times } = track;
  const { decodeMs, decodeAroundMs } = tripLimits;
  let [before, after] = [0, 0];
  for (let at = 0; at < steps.count; ) {
    const start = Math.floor((times[at] as number) / decodeMs) * decodeMs;
    let end = at;
    while (end < steps.count && (times[end] as number) < start + decodeMs) end++;
    while ((times[before] as number) < start - decodeAroundMs) before++;
    after = Math.max(after, end);
    while (after < steps.count && (times[after] as number) < start + decodeMs + decodeAroundMs) after++;
    decode(scores, before, after, weights.change, scratch);
    kinds.set(scratch.subarray(at, end), at);
    at = end;
  }
  markSilences(track, steps, kinds);
  return kinds;
};

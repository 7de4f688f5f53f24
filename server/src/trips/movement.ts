import { metersBetween } from './geometry.ts';
import { tripLimits } from './limits.ts';
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

/** Half widths of the windows around a step that are looked at, s. */
const windowsMs = [15_000, 30_000, 60_000] as const;
/** Features of a step: 1, its own speed and those beside it, then by window: displacement, way and the fastest step in it. */
const featureCount = 4 + windowsMs.length * 3;

/** Speeds are looked at so: differences matter among slow ones. */
const compress = (kmh: number): number => Math.log1p(kmh / 3);

class FeatureReader {
  readonly #track: Track;
  readonly #steps: Steps;
  /** Way from the first node to each, m. */
  readonly #way: Float64Array;
  /** Speed of each step, compressed. */
  readonly #speed: Float64Array;
  readonly #first = new Int32Array(windowsMs.length);
  readonly #last = new Int32Array(windowsMs.length);
  readonly features = new Float64Array(featureCount);

  constructor(track: Track, steps: Steps) {
    this.#track = track;
    this.#steps = steps;
    this.#way = new Float64Array(track.count);
    this.#speed = new Float64Array(steps.count);
    for (let at = 0; at < steps.count; at++) {
      const way = steps.meters[at] as number;
      this.#way[at + 1] = (this.#way[at] as number) + (way === way ? way : 0);
      const ms = (track.times[at + 1] as number) - (track.times[at] as number);
      this.#speed[at] = way === way ? compress((way * 3600) / ms) : 0;
    }
  }

  /** Steps are asked for in order. */
  read(at: number): void {
    const speed = this.#speed;
    const { features } = this;
    features[0] = 1;
    features[1] = speed[at] as number;
    features[2] = speed[at > 0 ? at - 1 : at] as number;
    features[3] = speed[at < speed.length - 1 ? at + 1 : at] as number;
    for (let w = 0; w < windowsMs.length; w++) this.#readWindow(at, w);
  }

  #readWindow(at: number, w: number): void {
    const { times, count } = this.#track;
    const middle = ((times[at] as number) + (times[at + 1] as number)) / 2;
    const width = windowsMs[w] as number;
    let first = this.#first[w] as number;
    while (first < at && (times[first] as number) < middle - width) first++;
    let last = Math.max(this.#last[w] as number, at + 1);
    while (last < count - 1 && (times[last + 1] as number) <= middle + width) last++;
    this.#first[w] = first;
    this.#last[w] = last;
    const ms = (times[last] as number) - (times[first] as number);
    const way = (this.#way[last] as number) - (this.#way[first] as number);
    let fastest = 0;
    for (let k = first; k < last; k++) if ((this.#speed[k] as number) > fastest) fastest = this.#speed[k] as number;
    const slot = 4 + w * 3;
    this.features[slot] = compress((Math.min(way, this.#displacement(first, last, way)) * 3600) / ms);
    this.features[slot + 1] = compress((way * 3600) / ms);
    this.features[slot + 2] = fastest;
  }

  #displacement(from: number, to: number, unknown: number): number {
    const { latitude, longitude } = this.#steps;
    const straight = metersBetween(
      latitude[from] as number,
      longitude[from] as number,
      latitude[to] as number,
      longitude[to] as number,
    );
    return straight === straight ? straight : unknown;
  }
}

/** How likely each step was driven: the logarithm of the odds. */
export const scoreSteps = (track: Track, steps: Steps, weights: DetectorWeights): Float64Array => {
  const reader = new FeatureReader(track, steps);
  const scores = new Float64Array(steps.count);
  for (let at = 0; at < steps.count; at++) {
    const ms = (track.times[at + 1] as number) - (track.times[at] as number);
    reader.read(at);
    if (ms > tripLimits.sparseMs) {
      const isMoved = (steps.meters[at] as number) >= tripLimits.sparseMetersMin;
      scores[at] = isMoved ? weights.certain : -weights.certain;
      continue;
    }
    let score = weights.bias;
    for (let f = 0; f < featureCount; f++) score += (reader.features[f] as number) * (weights.features[f] as number);
    // Walking around with the ignition off or while charging is none of the vehicle's.
    scores[at] = track.isAtRest[at + 1] === 1 && track.isAtRest[at] === 1 ? -weights.certain : score;
  }
  return scores;
};

/** The likeliest sequence of driving and standing of the steps from `from` to before `to` (Viterbi), changes being rare. */
const decode = (scores: Float64Array, from: number, to: number, change: number, into: Uint8Array): void => {
  let [standing, driving] = [0, 0];
  for (let at = from; at < to; at++) {
    const [stays, goes] = [standing, driving];
    const isFromDriving = goes - change > stays;
    const isFromStanding = stays - change > goes;
    standing = isFromDriving ? goes - change : stays;
    driving = (isFromStanding ? stays - change : goes) + (scores[at] as number);
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
    if (ms <= tripLimits.silenceMs) continue;
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

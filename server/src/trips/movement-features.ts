import { cosineOf, eastOf, metersPerDegree } from './geometry.ts';
import { tripLimits } from './limits.ts';
import type { Steps } from './steps.ts';
import type { Track } from './track.ts';

/** Steps beside a step whose speeds are looked at. */
const besides = [-2, -1, 1, 2] as const;
/** Half widths of the windows around the middle of a step that are looked at. */
const windowsMs = [13_000, 20_000, 30_000, 60_000] as const;
/** Nobody walks so fast; how long ago, and how soon again, is looked at up to a time. */
const fastKmh = 12;
const fastMsMax = 120_000;

/** What the detector looks at in each step, by which its weights are ordered. */
export const movementFeatures: readonly string[] = [
  'speed',
  ...besides.map((beside) => `speed ${beside > 0 ? `${beside} after` : `${-beside} before`}`),
  ...windowsMs.flatMap((ms) => ['displacement', 'way', 'fastest'].map((name) => `${name} ±${ms / 1000} s`)),
  'fast before',
  'fast after',
  'fast before and after',
];

/** Slower than this for the widest window to both sides is standing, whatever else is seen. */
const stillKmh = 2;

/** Speeds and times are looked at so: differences matter among small ones. */
const compress = Math.sqrt;
const compressMs = (ms: number): number => Math.sqrt(Math.min(ms, fastMsMax) / 5000);

/** Reads the features of steps, in their order; each depends on what lies within `fastMsMax` only. */
export class FeatureReader {
  readonly #track: Track;
  readonly #steps: Steps;
  /** Way from the first node to each, m. */
  readonly #way: Float64Array;
  /** Speed of each step, compressed. */
  readonly #speed: Float64Array;
  /** Of each step, when the next fast one ends, and the next that is not still. The last ones began: */
  readonly #fastAfterMs: Float64Array;
  readonly #movedAfterMs: Float64Array;
  /** Of each step, the last one before the next silence. What lies behind a silence says nothing. */
  readonly #runLast: Int32Array;
  #runFirst = 0;
  #fastBeforeMs = Number.NEGATIVE_INFINITY;
  #movedBeforeMs = Number.NEGATIVE_INFINITY;
  readonly #first = new Int32Array(windowsMs.length);
  readonly #last = new Int32Array(windowsMs.length);
  readonly features = new Float64Array(movementFeatures.length);

  constructor(track: Track, steps: Steps) {
    this.#track = track;
    this.#steps = steps;
    this.#way = new Float64Array(track.count);
    this.#speed = new Float64Array(steps.count);
    for (let at = 0; at < steps.count; at++) {
      const way = steps.meters[at] as number;
      this.#way[at + 1] = (this.#way[at] as number) + (way === way ? way : 0);
      const ms = (track.times[at + 1] as number) - (track.times[at] as number);
      this.#speed[at] = way === way && ms <= tripLimits.silenceMs ? compress((way * 3600) / ms) : 0;
    }
    this.#runLast = this.#findRuns();
    this.#fastAfterMs = this.#findNext(compress(fastKmh));
    this.#movedAfterMs = this.#findNext(compress(stillKmh));
  }

  #isSilence(at: number): boolean {
    return (this.#track.times[at + 1] as number) - (this.#track.times[at] as number) > tripLimits.silenceMs;
  }

  #findRuns(): Int32Array {
    const lasts = new Int32Array(this.#steps.count);
    for (let at = lasts.length - 1; at >= 0; at--)
      lasts[at] = at === lasts.length - 1 || this.#isSilence(at + 1) ? at : (lasts[at + 1] as number);
    return lasts;
  }

  #findNext(speedMin: number): Float64Array {
    const ends = new Float64Array(this.#steps.count);
    let endMs = Number.POSITIVE_INFINITY;
    for (let at = this.#steps.count - 1; at >= 0; at--) {
      if ((this.#speed[at] as number) > speedMin) endMs = this.#track.times[at + 1] as number;
      ends[at] = endMs;
    }
    return ends;
  }

  /**
   * Fills `features`. Steps are asked for in order, none left out.
   *
   * @returns whether it stands still around it, so that nothing more need be looked at and nothing is filled
   */
  read(at: number): boolean {
    const { features } = this;
    const { times } = this.#track;
    const speed = this.#speed;
    const middle = ((times[at] as number) + (times[at + 1] as number)) / 2;
    if (at === 0 || this.#isSilence(at - 1)) this.#runFirst = at;
    if ((speed[at] as number) > compress(stillKmh)) this.#movedBeforeMs = times[at] as number;
    if ((speed[at] as number) > compress(fastKmh)) this.#fastBeforeMs = times[at] as number;
    const widestMs = windowsMs[windowsMs.length - 1] as number;
    if (middle - this.#movedBeforeMs > widestMs && (this.#movedAfterMs[at] as number) - middle > widestMs) return true;
    features[0] = speed[at] as number;
    const [first, last] = [this.#runFirst, this.#runLast[at] as number];
    for (let b = 0; b < besides.length; b++)
      features[1 + b] = speed[Math.min(Math.max(at + (besides[b] as number), first), last)] as number;
    this.#readWindows(at, middle);
    const slot = 1 + besides.length + windowsMs.length * 3;
    const before = compressMs(middle - this.#fastBeforeMs);
    const after = compressMs((this.#fastAfterMs[at] as number) - middle);
    features[slot] = before;
    features[slot + 1] = after;
    features[slot + 2] = before * after;
    return false;
  }

  /** Each window holds the one before it, so that the fastest step of that one need not be looked for again. */
  #readWindows(at: number, middle: number): void {
    const { features } = this;
    const { times, count } = this.#track;
    const speed = this.#speed;
    const ways = this.#way;
    const cosine = cosineOf(this.#steps.latitude[at] as number);
    let fastest = speed[at] as number;
    let [innerFirst, innerLast] = [at, at + 1];
    for (let w = 0; w < windowsMs.length; w++) {
      const width = windowsMs[w] as number;
      let first = this.#first[w] as number;
      while (first < at && (times[first] as number) < middle - width) first++;
      let last = Math.max(this.#last[w] as number, at + 1);
      while (last < count - 1 && (times[last + 1] as number) <= middle + width) last++;
      this.#first[w] = first;
      this.#last[w] = last;
      for (let k = first; k < innerFirst; k++) if ((speed[k] as number) > fastest) fastest = speed[k] as number;
      for (let k = innerLast; k < last; k++) if ((speed[k] as number) > fastest) fastest = speed[k] as number;
      innerFirst = first;
      innerLast = last;
      const perHour = 3600 / ((times[last] as number) - (times[first] as number));
      const way = (ways[last] as number) - (ways[first] as number);
      const slot = 1 + besides.length + w * 3;
      features[slot] = compress(this.#displacement(first, last, cosine, way) * perHour);
      features[slot + 1] = compress(way * perHour);
      features[slot + 2] = fastest;
    }
  }

  /** No further than the way; the way where a position is not known. m. */
  #displacement(from: number, to: number, cosine: number, way: number): number {
    const { latitude, longitude } = this.#steps;
    const east = eastOf(longitude[from] as number, longitude[to] as number) * cosine;
    const north = (latitude[to] as number) - (latitude[from] as number);
    const straight = Math.sqrt(east * east + north * north) * metersPerDegree;
    return straight < way ? straight : way;
  }
}

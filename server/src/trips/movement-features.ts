import { metersBetween } from './geometry.ts';
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

/** Speeds are looked at so: differences matter among slow ones. */
const compress = (kmh: number): number => Math.log1p(kmh / 3);
/** Times since something fast: differences matter among short ones. */
const compressMs = (ms: number): number => Math.log1p(Math.min(ms, fastMsMax) / 5000);

/** Reads the features of steps, in their order; each depends on what lies within `fastMsMax` only. */
export class FeatureReader {
  readonly #track: Track;
  readonly #steps: Steps;
  /** Way from the first node to each, m. */
  readonly #way: Float64Array;
  /** Speed of each step, compressed. */
  readonly #speed: Float64Array;
  /** Of each step, when the next fast one ends, and the last one began. */
  readonly #fastAfterMs: Float64Array;
  #fastBeforeMs = Number.NEGATIVE_INFINITY;
  readonly #first = new Int32Array(windowsMs.length);
  readonly #last = new Int32Array(windowsMs.length);
  readonly features = new Float64Array(movementFeatures.length);

  constructor(track: Track, steps: Steps) {
    this.#track = track;
    this.#steps = steps;
    this.#way = new Float64Array(track.count);
    this.#speed = new Float64Array(steps.count);
    this.#fastAfterMs = new Float64Array(steps.count);
    for (let at = 0; at < steps.count; at++) {
      const way = steps.meters[at] as number;
      this.#way[at + 1] = (this.#way[at] as number) + (way === way ? way : 0);
      const ms = (track.times[at + 1] as number) - (track.times[at] as number);
      this.#speed[at] = way === way ? compress((way * 3600) / ms) : 0;
    }
    let fastMs = Number.POSITIVE_INFINITY;
    for (let at = steps.count - 1; at >= 0; at--) {
      if (this.#isFast(at)) fastMs = track.times[at + 1] as number;
      this.#fastAfterMs[at] = fastMs;
    }
  }

  #isFast(at: number): boolean {
    return (this.#speed[at] as number) > compress(fastKmh);
  }

  /** Fills `features`. Steps are asked for in order, none left out. */
  read(at: number): void {
    const { features } = this;
    const { times } = this.#track;
    const speed = this.#speed;
    const middle = ((times[at] as number) + (times[at + 1] as number)) / 2;
    features[0] = speed[at] as number;
    for (let b = 0; b < besides.length; b++)
      features[1 + b] = speed[Math.min(Math.max(at + (besides[b] as number), 0), speed.length - 1)] as number;
    for (let w = 0; w < windowsMs.length; w++) this.#readWindow(at, middle, w);
    if (this.#isFast(at)) this.#fastBeforeMs = times[at] as number;
    const slot = 1 + besides.length + windowsMs.length * 3;
    const before = compressMs(middle - this.#fastBeforeMs);
    const after = compressMs((this.#fastAfterMs[at] as number) - middle);
    features[slot] = before;
    features[slot + 1] = after;
    features[slot + 2] = before * after;
  }

  #readWindow(at: number, middle: number, w: number): void {
    const { times, count } = this.#track;
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
    const slot = 1 + besides.length + w * 3;
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

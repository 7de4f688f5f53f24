import type { TripSamples } from './types.ts';

/** Columns of one number a row. */
export const plainColumns = [
  'latitude',
  'longitude',
  'speedKmh',
  'odometerM',
  'energyPercent',
  'energyKwh',
  'rangeM',
  'rangeAtFullM',
  'isCharging',
  'chargingPowerKw',
  'ignition',
  'longitudinal',
  'lateral',
  'headingDegrees',
] as const;
export type PlainColumn = (typeof plainColumns)[number];

const wheelCount = 4;

type Writable = { -readonly [K in keyof TripSamples]: TripSamples[K] };

const build = (
  times: Float64Array,
  make: (column: (samples: TripSamples) => Float64Array | undefined) => Float64Array,
): TripSamples => {
  const result = { times } as Writable;
  for (const name of plainColumns) result[name] = make((samples) => samples[name]);
  const wheel = Array.from({ length: wheelCount }, (_, i) => i);
  result.tireKpa = wheel.map((i) => make((samples) => samples.tireKpa[i]));
  result.tireCelsius = wheel.map((i) => make((samples) => samples.tireCelsius[i]));
  return result;
};

/** Rows at these times that say nothing yet. */
export const emptySamples = (times: Float64Array): TripSamples =>
  build(times, () => new Float64Array(times.length).fill(Number.NaN));

/** Of two values of one signal at one time (two devices) the larger one counts: any rule does that does not ask for the order. */
const larger = (a: number, b: number): number => (Number.isNaN(a) || b > a ? b : a);

const isAscending = (times: Float64Array): boolean => {
  for (let i = 1; i < times.length; i++) if ((times[i] as number) <= (times[i - 1] as number)) return false;
  return true;
};

/** Whether the position of row `a` gives way to that of `b`: both numbers of a position come from one row. */
const isOtherPosition = ({ latitude, longitude }: TripSamples, a: number, b: number): boolean => {
  const [latA, latB] = [latitude[a] as number, latitude[b] as number];
  if (Number.isNaN(latB) || Number.isNaN(longitude[b] as number)) return false;
  return Number.isNaN(latA) || latB > latA || (latB === latA && (longitude[b] as number) > (longitude[a] as number));
};

/** Rows by time, one a time: the same for the same rows in any order, however often each was given. */
export const inOrder = (samples: TripSamples): TripSamples => {
  const { times } = samples;
  if (isAscending(times)) return samples;
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number));
  /** Where the rows of each time begin in `order`. */
  const starts: number[] = [];
  for (const [at, row] of order.entries()) if (at === 0 || times[row] !== times[order[at - 1] as number]) starts.push(at);
  const rowsOf = (k: number): Uint32Array => order.subarray(starts[k], starts[k + 1] ?? order.length);
  const positions = Uint32Array.from(starts, (_, k) =>
    rowsOf(k).reduce((best, row) => (isOtherPosition(samples, best, row) ? row : best)),
  );
  const merged = build(
    Float64Array.from(starts, (at) => times[order[at] as number] as number),
    (pick) => {
      const column = pick(samples);
      if (!column) return new Float64Array(starts.length).fill(Number.NaN);
      return Float64Array.from(starts, (_, k) =>
        rowsOf(k).reduce((best, row) => larger(best, column[row] as number), Number.NaN),
      );
    },
  ) as Writable;
  merged.latitude = Float64Array.from(positions, (row) => samples.latitude[row] as number);
  merged.longitude = Float64Array.from(positions, (row) => samples.longitude[row] as number);
  return merged;
};

/** One after the other. */
export const joinSamples = (all: readonly TripSamples[]): TripSamples => {
  const parts = all.filter(({ times }) => times.length > 0);
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? (all[0] as TripSamples);
  const count = parts.reduce((sum, { times }) => sum + times.length, 0);
  const join = (pick: (samples: TripSamples) => Float64Array | undefined): Float64Array => {
    const joined = new Float64Array(count);
    let at = 0;
    for (const part of parts) {
      const column = pick(part);
      if (column) joined.set(column, at);
      else joined.fill(Number.NaN, at, at + part.times.length);
      at += part.times.length;
    }
    return joined;
  };
  return build(
    join(({ times }) => times),
    join,
  );
};

/** First row at or after a time. */
export const rowAt = (times: Float64Array, timeMs: number): number => {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
};

import { quartersPerDay } from './types.ts';

const quarterMs = 900_000;

/** Sums of a day by quarters of an hour; what lies outside of the day is left out. */
export class Quarters {
  readonly #dayMs: number;
  readonly #sums = new Float64Array(quartersPerDay);
  #hasAny = false;

  constructor(dayMs: number) {
    this.#dayMs = dayMs;
  }

  /** Spreads an amount evenly over a time. */
  add(fromMs: number, toMs: number, amount: number): void {
    if (amount === 0) return;
    const start = Math.max(fromMs, this.#dayMs);
    const end = Math.min(toMs, this.#dayMs + quartersPerDay * quarterMs);
    for (let at = start; at < end; ) {
      const quarter = Math.floor((at - this.#dayMs) / quarterMs);
      const until = Math.min(end, this.#dayMs + (quarter + 1) * quarterMs);
      this.#sums[quarter] = (this.#sums[quarter] as number) + (amount * (until - at)) / (toMs - fromMs);
      this.#hasAny = true;
      at = until;
    }
  }

  /** The growth of what only adds up. */
  addCourse(times: Float64Array, from: number, values: Float64Array): void {
    for (let k = 1; k < values.length; k++)
      this.add(times[from + k - 1] as number, times[from + k] as number, (values[k] as number) - (values[k - 1] as number));
  }

  /** 96 sums, or none. */
  toArray(): number[] {
    return this.#hasAny ? [...this.#sums] : [];
  }
}

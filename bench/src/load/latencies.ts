/** Times in steps of a twelfth, from 0.05 ms to a minute: enough to tell 24 ms from 26. */
const firstMs = 0.05;
const stepFactor = 2 ** (1 / 8);
const steps = 170;

/** Counts how long acknowledgements took. */
export class Latencies {
  readonly #counts = new Float64Array(steps);
  #count = 0;

  add(ms: number): void {
    const step = Math.max(0, Math.ceil(Math.log(ms / firstMs) / Math.log(stepFactor)));
    const index = Math.min(steps - 1, step);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#count++;
  }

  /** Upper bound of the step in which the quantile lies, ms. */
  quantile(part: number): number {
    let seen = 0;
    for (let step = 0; step < steps; step++) {
      seen += this.#counts[step] as number;
      if (seen >= this.#count * part) return Math.round(firstMs * stepFactor ** step * 100) / 100;
    }
    return Number.NaN;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
  }
}

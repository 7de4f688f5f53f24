/**
 * Counts failures by key in windows that begin with the first failure. Bounded: when the table is full, the keys whose
 * windows began first are forgotten, which can only make the limit milder for them.
 */
export interface FailureLimit {
  /** Failures allowed within the window. */
  readonly failuresMax: number;
  readonly windowMs: number;
  readonly keysMax: number;
}

interface Window {
  readonly startedAt: number;
  failures: number;
}

export class FailureCounter {
  readonly #limit: FailureLimit;
  /** In the order in which the windows began. */
  readonly #windows = new Map<string, Window>();

  constructor(limit: FailureLimit) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#windows.size;
  }

  /** Counts a failure; answers for how many ms more are refused, 0: it is still within the limit. */
  fail(key: string, nowMs: number): number {
    const window = this.#windowOf(key, nowMs);
    window.failures++;
    return window.failures > this.#limit.failuresMax ? window.startedAt + this.#limit.windowMs - nowMs : 0;
  }

  /** For how many ms a further failure would be refused; counts nothing. */
  refusedMs(key: string, nowMs: number): number {
    const window = this.#windows.get(key);
    if (!window || window.failures < this.#limit.failuresMax) return 0;
    return Math.max(0, window.startedAt + this.#limit.windowMs - nowMs);
  }

  #windowOf(key: string, nowMs: number): Window {
    const present = this.#windows.get(key);
    if (present && nowMs < present.startedAt + this.#limit.windowMs) return present;
    this.#windows.delete(key);
    this.#forgetOld(nowMs);
    const fresh = { startedAt: nowMs, failures: 0 };
    this.#windows.set(key, fresh);
    return fresh;
  }

  #forgetOld(nowMs: number): void {
    for (const [key, window] of this.#windows) {
      const isOver = nowMs >= window.startedAt + this.#limit.windowMs;
      if (!isOver && this.#windows.size < this.#limit.keysMax) return;
      this.#windows.delete(key);
    }
  }
}

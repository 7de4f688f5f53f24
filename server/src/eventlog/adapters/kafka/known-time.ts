export interface KnownTimeLimits {
  /** Brokers that did not answer for so long were away: gateways may hold what they heard meanwhile. */
  readonly interruptedAfterMs: number;
  /** How long gateways may take after that to send it. */
  readonly settleMs: number;
}

/** Up to which moment everything that was heard is known to be before the end of a partition, as the answers of brokers tell. */
export class KnownTime {
  readonly #limits: KnownTimeLimits;
  readonly #now: () => number;
  #answeredMs = Number.NEGATIVE_INFINITY;
  #settledFromMs = 0;
  #knownMs = 0;

  constructor(limits: KnownTimeLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** ms; 0: nothing is known yet. Never goes back. */
  get ms(): number {
    return this.#knownMs;
  }

  /** The first answer. What came shortly before shows that the brokers were there: gateways hold nothing. */
  begin(askedMs: number, wasThere: boolean): void {
    if (wasThere) this.#answeredMs = this.#now();
    this.answered(askedMs);
  }

  /**
   * A broker has said where the partition ends; it was asked at that moment, ms. After a time without answers gateways have theirs from this
   * answer on: a question may have waited as long as the broker stood still.
   */
  answered(askedMs: number): void {
    const { interruptedAfterMs, settleMs } = this.#limits;
    const nowMs = this.#now();
    if (nowMs - this.#answeredMs > interruptedAfterMs) this.#settledFromMs = nowMs + settleMs;
    this.#answeredMs = nowMs;
    if (askedMs >= this.#settledFromMs) this.#knownMs = Math.max(this.#knownMs, askedMs);
  }
}

export interface KnownTimeLimits {
  /** Brokers that did not answer for so long were away: gateways may hold what they heard meanwhile. */
  readonly interruptedAfterMs: number;
  /** How long gateways may take after that to send it. */
  readonly settleMs: number;
}

/** Up to which moment everything that was heard is known to be before the end of a partition, as the answers of brokers tell. */
export class KnownTime {
  readonly #limits: KnownTimeLimits;
  #askedMs = Number.NEGATIVE_INFINITY;
  #settledFromMs = 0;
  #knownMs = 0;

  constructor(limits: KnownTimeLimits) {
    this.#limits = limits;
  }

  /** ms; 0: nothing is known yet. Never goes back. */
  get ms(): number {
    return this.#knownMs;
  }

  /** The first answer. What came shortly before shows that the brokers were there: gateways hold nothing. */
  begin(askedMs: number, wasThere: boolean): void {
    if (wasThere) this.#askedMs = askedMs;
    this.answered(askedMs);
  }

  /** A broker has said where the partition ends; it was asked at that moment, ms. */
  answered(askedMs: number): void {
    const { interruptedAfterMs, settleMs } = this.#limits;
    if (askedMs - this.#askedMs > interruptedAfterMs) this.#settledFromMs = askedMs + settleMs;
    this.#askedMs = Math.max(this.#askedMs, askedMs);
    if (askedMs >= this.#settledFromMs) this.#knownMs = Math.max(this.#knownMs, askedMs);
  }
}

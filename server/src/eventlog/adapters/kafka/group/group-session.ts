import { setTimeout as delay } from 'node:timers/promises';
import { isForgotten, isRebalance } from './group-failures.ts';

export interface SessionOptions {
  /** Rejects when the broker does not answer, or with what it has against this member. */
  readonly beat: () => Promise<void>;
  /** A beat was not answered: the next one is asked anew. */
  readonly unanswered: (error: unknown) => void;
  readonly lost: () => void;
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  /** When the last request was sent that the broker has answered, by `performance.now`. */
  readonly heardMs: number;
}

/**
 * The time for which a member has its partitions: it tells the broker that it is there, and knows when the broker can have given it up.
 * Real time: it is the brokers' too.
 */
export class GroupSession {
  /** A rebalance waits for this member, or it is lost. */
  readonly ended: Promise<void>;
  readonly #options: SessionOptions;
  readonly #end: () => void;
  readonly #stopping = new AbortController();
  #deadlineMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isGivenUp = false;

  constructor(options: SessionOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options = options;
    this.ended = promise;
    this.#end = resolve;
    this.#heard(options.heardMs);
    void this.#beats();
  }

  /** Other members may have the partitions. Known by the time alone when the process was stopped for too long. */
  get isLost(): boolean {
    return this.#isGivenUp || performance.now() >= this.#deadlineMs;
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** The broker counts from when it got the request, which is later than when it was sent: here is never longer than there. */
  #heard(sentMs: number): void {
    if (this.#stopping.signal.aborted || this.#isGivenUp) return;
    this.#deadlineMs = sentMs + this.#options.sessionTimeoutMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(), Math.max(0, this.#deadlineMs - performance.now()));
  }

  #lose(): void {
    this.#isGivenUp = true;
    this.stop();
    this.#options.lost();
    this.#end();
  }

  async #beats(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(this.#options.heartbeatMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#beat();
    }
  }

  async #beat(): Promise<void> {
    const sentMs = performance.now();
    try {
      await this.#options.beat();
      this.#heard(sentMs);
    } catch (error) {
      if (isForgotten(error)) this.#lose();
      else if (isRebalance(error)) {
        this.#heard(sentMs);
        this.#end();
      } else if (!this.#stopping.signal.aborted) this.#options.unanswered(error);
    }
  }
}

import { restFactor, workSliceMs } from './limits.ts';

/** How long work may take that nobody waits for. */
export interface Leisure {
  readonly ms: number;
  /** Shared with the thread that asked: 1 at its first place, somebody waits now. */
  readonly hurry: Int32Array<SharedArrayBuffer>;
}

export const makeLeisure = (ms: number): Leisure => ({ ms, hurry: new Int32Array(new SharedArrayBuffer(4)) });

/** Whoever does the work does not rest any more. */
export const endLeisure = ({ hurry }: Leisure): void => {
  Atomics.store(hurry, 0, 1);
  Atomics.notify(hurry, 0);
};

/** Blocks the thread, unless or until somebody waits. */
const sleepThread = (ms: number, { hurry }: Leisure): void => void Atomics.wait(hurry, 0, 0, ms);

/**
 * Rests twice as long as it worked, so that long work takes a third of a core instead of all of it, until it has taken its leisure; from then on
 * it goes on without rest. For threads of their own: a rest blocks.
 */
export class Pacer {
  readonly #leisure: Leisure;
  readonly #untilMs: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number, leisure: Leisure) => void;
  #sinceMs: number;

  constructor(leisure: Leisure, now: () => number = () => performance.now(), sleep = sleepThread) {
    this.#leisure = leisure;
    this.#now = now;
    this.#sleep = sleep;
    this.#sinceMs = now();
    this.#untilMs = this.#sinceMs + leisure.ms;
  }

  /** Between two pieces of work, however small. */
  breathe(): void {
    const nowMs = this.#now();
    const workedMs = nowMs - this.#sinceMs;
    if (workedMs < workSliceMs || nowMs >= this.#untilMs) return;
    this.#sleep(Math.min(workedMs * restFactor, this.#untilMs - nowMs), this.#leisure);
    this.#sinceMs = this.#now();
  }
}

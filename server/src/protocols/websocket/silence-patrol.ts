import type { Clock } from '../../kernel/index.ts';
import { listenerLimits } from '../limits.ts';

const sliceMs = 100;
const slicesPerRound = 50;
/** A silence is as long as so many rounds, give or take one. */
const roundsPerSilence = Math.round(listenerLimits.silenceCheckMs / (sliceMs * slicesPerRound));

export interface Watched {
  /** The round of the patrol in which something came last. */
  heardInRound: number;
  readonly socket: { ping(): void; destroy(): void };
}

/**
 * Pings connections that have been silent, and ends those that do not answer. Looks at a few of them at a time: to ping 100,000 at once would
 * keep everybody else waiting for a second.
 */
export class SilencePatrol {
  readonly #clock: Clock;
  readonly #watched: ReadonlySet<Watched>;
  #walk: Iterator<Watched, undefined> | undefined;
  #slice = 0;
  #cancel: () => void = () => {};
  /** The present one. */
  round = 0;

  constructor(clock: Clock, watched: ReadonlySet<Watched>) {
    this.#clock = clock;
    this.#watched = watched;
    this.#nextSlice();
  }

  stop(): void {
    this.#cancel();
  }

  #nextSlice(): void {
    this.#cancel = this.#clock.after(sliceMs, () => {
      if (++this.#slice === slicesPerRound) {
        this.#slice = 0;
        this.round++;
        this.#walk = this.#watched.values();
      }
      this.#lookAt(Math.ceil(this.#watched.size / (slicesPerRound - 1)));
      this.#nextSlice();
    });
  }

  #lookAt(count: number): void {
    for (let i = 0; i < count && this.#walk; i++) {
      const step = this.#walk.next();
      if (step.done) {
        this.#walk = undefined;
        return;
      }
      const { heardInRound, socket } = step.value;
      const silentRounds = this.round - heardInRound;
      if (silentRounds > 2 * roundsPerSilence) socket.destroy();
      else if (silentRounds === roundsPerSilence + 1) socket.ping();
    }
  }
}

import type { Clock, Logger } from '../kernel/index.ts';
import { mergeEveryMs, mergePauseMs } from './limits.ts';
import type { MergeAnswer } from './thread-messages.ts';

export interface MergeScheduleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks the writing thread for one step. */
  readonly step: (nowMs: number) => Promise<MergeAnswer>;
  readonly answered: (answer: MergeAnswer) => void;
}

/** Asks for a step of merging now and then, and for the next one while there is more to do. Flushes are asked for in between. */
export class MergeSchedule {
  readonly #options: MergeScheduleOptions;
  #cancel: (() => void) | undefined;
  #running: Promise<boolean> | undefined;
  #isStopped = false;
  /** How many keep the chunks as they are. */
  #holds = 0;

  constructor(options: MergeScheduleOptions) {
    this.#options = options;
    this.#wait(mergeEveryMs);
  }

  /** Merges until nothing is due. */
  async runAll(): Promise<void> {
    for (let isMore = true; isMore && !this.#isStopped; ) {
      await this.#running?.catch(() => undefined);
      isMore = await this.#step();
    }
  }

  /** No chunk is merged until what is answered is called; resolves when none is being merged. */
  async hold(): Promise<() => void> {
    this.#holds++;
    await this.#running?.catch(() => undefined);
    let isHeld = true;
    return () => {
      if (isHeld) this.#holds--;
      isHeld = false;
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #wait(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(ms, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    try {
      const isMore = this.#holds === 0 && (await (this.#running ?? this.#step()));
      this.#wait(isMore ? mergePauseMs : mergeEveryMs);
    } catch (error) {
      if (!this.#isStopped) this.#options.logger.error('history could not be merged; it is tried again', { error });
      this.#wait(mergeEveryMs);
    }
  }

  async #step(): Promise<boolean> {
    const running = this.#ask();
    this.#running = running;
    try {
      return await running;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  async #ask(): Promise<boolean> {
    const answer = await this.#options.step(this.#options.clock.now());
    this.#options.answered(answer);
    return answer.isMore;
  }
}

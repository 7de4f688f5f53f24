import type { Clock } from '../../kernel/index.ts';
import { tripStoreLimits } from './store-limits.ts';

/** How many days may still be derived for one answer. */
export class AnswerBudget {
  readonly #clock: Clock;
  readonly #untilMs: number;
  #days: number = tripStoreLimits.daysDerivedPerAnswerMax;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#untilMs = clock.steady() + tripStoreLimits.answerMsMax;
  }

  /** False: the answer ends here. At least one day is always derived, so that each answer gets further. */
  take(): boolean {
    const isFirst = this.#days === tripStoreLimits.daysDerivedPerAnswerMax;
    if (!isFirst && (this.#days <= 0 || this.#clock.steady() > this.#untilMs)) return false;
    this.#days--;
    return true;
  }
}

import type { Clock } from '../../kernel/index.ts';
import { repeat } from '../repeat.ts';

/** Records that wait for the log for so long: devices hear nothing either, and keep what they would say. */
export const interruptedAfterMs = 5000;
const lookEveryMs = 500;

export interface Watched {
  readonly clock: Clock;
  /** When the oldest of the records that are not durable yet was appended, ms; null: there is none. */
  readonly oldestPendingAt: () => number | null;
  /** Is called when it is over, with the moment from which on not everything was heard, ms. */
  readonly noted: (sinceMs: number) => void;
}

/**
 * Finds when a gateway could not hear, because the log did not answer or the process stood still: devices wait then with what they have to say,
 * and none of them was silent. Answers the end of it.
 */
export const watchInterruptions = ({ clock, oldestPendingAt, noted }: Watched): (() => void) => {
  let sinceMs: number | undefined;
  let lookedMs = clock.now();
  return repeat(clock, lookEveryMs, () => {
    const nowMs = clock.now();
    const oldestMs = oldestPendingAt();
    const isWaiting = oldestMs !== null && nowMs - oldestMs > interruptedAfterMs;
    if (isWaiting) sinceMs ??= oldestMs;
    else if (nowMs - lookedMs > interruptedAfterMs) sinceMs ??= lookedMs;
    lookedMs = nowMs;
    if (isWaiting || sinceMs === undefined) return;
    noted(sinceMs);
    sinceMs = undefined;
  });
};

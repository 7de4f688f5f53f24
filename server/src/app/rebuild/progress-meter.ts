import { CallerError } from '../../kernel/index.ts';
import { tellEveryMs } from './limits.ts';
import type { Progress, RebuildPhase } from './types.ts';

const text = ({ phase, percent, recordsPerSecond, secondsLeft }: Progress): string => {
  const rate = recordsPerSecond > 0 ? `, ${Math.round(recordsPerSecond)} records/s` : '';
  const rest = secondsLeft === null ? '' : `, about ${Math.ceil(secondsLeft)} s left`;
  return `${phase}: ${Math.floor(percent)} %${rate}${rest}`;
};

const checkEveryMs = 100;

/** Tells how far a rebuild is, not more often than a reader can follow; and ends it where it was cancelled. */
export class ProgressMeter {
  /** Of the log, read so far. */
  records = 0;
  readonly #tell: (line: string) => void;
  readonly #hand: (progress: Progress) => void;
  readonly #isCancelled: () => boolean;
  #phase: RebuildPhase | undefined;
  #phaseMs = 0;
  #phaseRecords = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(tell: (line: string) => void, hand: (progress: Progress) => void, isCancelled: () => boolean) {
    this.#tell = tell;
    this.#hand = hand;
    this.#isCancelled = isCancelled;
  }

  /** Throws when it was cancelled. */
  check(): void {
    if (this.#isCancelled()) throw new CallerError('bad_request', 'The rebuild was cancelled; nothing of it is left.');
  }

  /** Answers what is waited for, or throws as soon as it is cancelled, and leaves the other alone. */
  async unlessCancelled<T>(waited: Promise<T>): Promise<T> {
    const cancelled = Promise.withResolvers<never>();
    const timer = setInterval(() => {
      try {
        this.check();
      } catch (error) {
        cancelled.reject(error);
      }
    }, checkEveryMs);
    // It may fail once nobody waits for it any more.
    waited.catch(() => undefined);
    try {
      return await Promise.race([waited, cancelled.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  tell(phase: RebuildPhase, percent: number, isAtOnce = false): void {
    this.check();
    const nowMs = performance.now();
    if (phase !== this.#phase) [this.#phase, this.#phaseMs, this.#phaseRecords] = [phase, nowMs, this.records];
    if (!isAtOnce && nowMs - this.#toldMs < tellEveryMs) return;
    this.#toldMs = nowMs;
    const seconds = (nowMs - this.#phaseMs) / 1000;
    const secondsLeft = percent > 0 && seconds > 0 ? (seconds * (100 - percent)) / percent : null;
    const recordsPerSecond = seconds > 0 ? (this.records - this.#phaseRecords) / seconds : 0;
    const progress = { phase, percent: Math.min(100, percent), records: this.records, recordsPerSecond, secondsLeft };
    this.#tell(text(progress));
    this.#hand(progress);
  }
}

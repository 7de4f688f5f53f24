import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../kernel/index.ts';

export interface RetryPauses {
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

/** How long is waited after so many tries: twice as long each time, up to the limit. */
export const pauseAfter = ({ retryMs, retryMaxMs }: RetryPauses, tries: number): number =>
  Math.min(retryMaxMs, retryMs * 2 ** Math.min(tries, 16));

/** Brokers to ask, another one first each turn: one that stands still takes connections and answers nothing. */
export const inTurn = <One>(all: readonly One[], turn: number): One[] => {
  const first = turn % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
};

export interface Retrying extends RetryPauses {
  readonly logger: Logger;
  readonly isClosed: () => boolean;
  /** Failures that another try does not mend are thrown. */
  readonly isFinal: (error: unknown) => boolean;
  /** Before the next try. */
  readonly failed?: () => void;
}

/** A topic that was just made, or a leader that moves, needs a moment: that is no news. */
const saidAfterTries = 3;

/** What a caller that is no longer wanted gets. */
export class ClosedError extends Error {}

/** Tries until it succeeds: a broker that is away comes back. Says it once, and when it is over. */
export const untilDone = async <Result>(what: string, options: Retrying, run: () => Promise<Result>): Promise<Result> => {
  const { logger, isClosed, isFinal } = options;
  for (let tries = 0; ; tries++) {
    if (isClosed()) throw new ClosedError(`${what}: the log is closed`);
    try {
      const result = await run();
      if (tries > saidAfterTries) logger.info('Kafka answers again', { what, tries });
      return result;
    } catch (error) {
      if (isClosed()) throw new ClosedError(`${what}: the log is closed`, { cause: error });
      if (isFinal(error)) throw error;
      options.failed?.();
      if (tries === saidAfterTries) logger.warn('Kafka does not answer; it is asked again', { what, error });
      // Real time: it paces the network, it decides nothing.
      await delay(pauseAfter(options, tries));
    }
  }
};

import type { PartReadiness } from '../../http/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import { repeat } from '../repeat.ts';

/** How often the store of history is asked whether it is there, and how long it may take: then it is away. */
export const historyWatchEveryMs = 5000;

/** What is asked: read models of now; undefined between two assignments. */
export interface WatchedHistory {
  /** Rejects when the store does not answer. */
  reach(): Promise<void>;
}

export interface HistoryWatch {
  readonly readiness: () => PartReadiness[];
  readonly stop: () => void;
}

/** What works goes on without the store of history: the process stays ready, and says what it lacks. */
export const watchHistory = (
  watched: () => WatchedHistory | undefined,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): HistoryWatch => {
  let askedMs: number | undefined;
  let awayReason: string | undefined;
  const told = (reason: string | undefined): void => {
    if (reason !== undefined && awayReason === undefined) logger.warn('the store of history is away', { reason });
    if (reason === undefined && awayReason !== undefined) logger.warn('the store of history is there again');
    awayReason = reason;
  };
  const stop = repeat(clock, historyWatchEveryMs, () => {
    // One question at a time: the one that waits is answered when the store is there again.
    if (askedMs !== undefined) {
      told('it does not answer');
      return;
    }
    const history = watched();
    if (!history) return;
    askedMs = clock.now();
    history
      .reach()
      .then(
        () => told(undefined),
        // What was closed meanwhile says nothing about the store.
        (error: unknown) => watched() === history && told(error instanceof Error ? error.message : String(error)),
      )
      .finally(() => {
        askedMs = undefined;
      });
  });
  return {
    readiness: () => [
      {
        name: 'history store',
        isReady: true,
        ...(awayReason === undefined ? {} : { detail: `away (${awayReason}): only what is in memory can be read of history` }),
      },
    ],
    stop,
  };
};

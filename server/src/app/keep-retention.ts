import type { EventLog } from '../eventlog/index.ts';
import type { History } from '../history/index.ts';
import type { Logger } from '../kernel/index.ts';
import { forgetOld, type ForgetOptions } from './forget-old.ts';
import { repeat } from './repeat.ts';

export interface KeepOptions extends ForgetOptions {
  readonly log: EventLog;
  readonly history: History;
  /** A backup is taken, or a read model is rebuilt: no file may go. */
  readonly isHeld: () => boolean;
  /** What else of the data folder goes with its age. */
  readonly removeOthers?: () => Promise<void>;
  readonly logger: Logger;
}

const enforceEveryMs = 3_600_000;

/** Removes what reads hide already, as far as it can go as a whole: old latest values, segments of the log, months of history. */
export const enforceRetention = async (options: KeepOptions): Promise<void> => {
  const { log, history, retention, live, clock } = options;
  await forgetOld(options, live.knownVehicles());
  if (options.isHeld()) return;
  await log.enforceRetention();
  // A file holds many vehicles: it goes when nothing in it is kept for any of them.
  await history.dropBefore(clock.now() - retention.longestMs());
  await options.removeOthers?.();
};

/** Does so now and every hour; answers the end of it. */
export const keepRetention = (options: KeepOptions): (() => void) => {
  const enforce = (): void => {
    enforceRetention(options).catch((error: unknown) => options.logger.error('retention could not be enforced', { error }));
  };
  enforce();
  return repeat(options.clock, enforceEveryMs, enforce);
};

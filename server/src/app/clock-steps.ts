import type { Logger, SteppingClock } from '../kernel/index.ts';
import type { ServerRecords } from './server-records.ts';

export interface ClockSteps {
  /** A step is known that the read models have not been told yet: they must not look at the time. */
  readonly isPending: boolean;
  readonly count: number;
  /** Tries again to write what the log did not take. */
  retry(): void;
}

/**
 * Notes in the log by how much the time of day was set, so that `live` measures silence across it as if it had not been. The note stands before
 * every record with the new time.
 */
export const noteClockSteps = (
  clock: SteppingClock,
  records: ServerRecords,
  logger: Logger,
  failed: (error: Error) => void,
): ClockSteps => {
  let count = 0;
  let untoldMs = 0;
  let isWriting = false;
  const write = (): void => {
    if (untoldMs === 0 || isWriting) return;
    const stepMs = untoldMs;
    untoldMs = 0;
    isWriting = true;
    records.write('clockStepped', stepMs).then((isStored) => {
      isWriting = false;
      if (!isStored) untoldMs += stepMs;
    }, failed);
  };
  clock.onStep((stepMs) => {
    count++;
    logger.warn('the clock of this machine was set', { stepMs });
    untoldMs += stepMs;
    write();
  });
  return {
    get isPending() {
      return isWriting || untoldMs !== 0;
    },
    get count() {
      return count;
    },
    retry: write,
  };
};

import type { LogRefusal } from '../eventlog/index.ts';
import { OperationalError } from '../kernel/index.ts';

const errors: Record<LogRefusal, () => OperationalError> = {
  queue_full: () => new OperationalError('overloaded', 'more reports are waiting than may', { retryAfterSeconds: 1 }),
  disk_full: () =>
    new OperationalError('disk_full', 'the disk is nearly full: no report is taken until there is room', {
      retryAfterSeconds: 15,
    }),
  failed: () => new OperationalError('unavailable', 'the log cannot be written', { retryAfterSeconds: 60 }),
  closed: () => new OperationalError('unavailable', 'the server stops', { retryAfterSeconds: 5 }),
};

/** What a device is told when the log takes nothing. */
export const refusalError = (refusal: LogRefusal): OperationalError => errors[refusal]();

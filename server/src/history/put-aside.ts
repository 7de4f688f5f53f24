import type { DeadLetter } from '../events/index.ts';
import { BugError, type Logger } from '../kernel/index.ts';
import type { FlushAnswer } from './thread-messages.ts';

/** Tells of the records that a flush could not store, and hands them to whoever keeps such. */
export const putAside = (
  partition: number,
  { poison, unreadable }: FlushAnswer,
  { logger, deadLetter }: { readonly logger: Logger; readonly deadLetter?: (letter: DeadLetter) => void },
): void => {
  if (unreadable > 0) logger.error('records of the log could not be decoded', { count: unreadable });
  for (const { offset, record, why } of poison)
    deadLetter?.({ reader: 'history', partition, offset, record, error: new BugError(why) });
};

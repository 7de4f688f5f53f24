import type { RecordBatch } from '../../events/index.ts';
import type { EventLog, Follower } from '../ports.ts';
import { seqsIn } from '../test-support.ts';

export interface LogSettings {
  /** Clock of the log, ms. */
  readonly nowMs?: number;
  /** Records that may wait for a commit. */
  readonly pendingRecordsMax?: number;
  readonly retentionMs?: number;
  readonly bytesMax?: number;
}

/** One log of an adapter, with a single physical partition 0, small segments and small reads, so that a few hundred records meet all of its seams. */
export interface LogHarness {
  /** Opens the same log each time; the one before is closed. */
  open(settings?: LogSettings): Promise<EventLog>;
  remove(): Promise<void>;
}

/** Keeps what a follower hears. */
export const hear = (log: EventLog, fromOffset: number, pause?: () => Promise<void>) => {
  const seqs: number[] = [];
  const failures: Error[] = [];
  const handle = async (batch: RecordBatch): Promise<void> => {
    await pause?.();
    seqs.push(...seqsIn(batch));
  };
  const follower = log.follow({
    partition: 0,
    fromOffset,
    handle: pause ? handle : (batch) => void seqs.push(...seqsIn(batch)),
    failed: (error) => failures.push(error),
  });
  return { seqs, failures, follower };
};

export const untilAtEnd = async (log: EventLog, follower: Follower): Promise<void> => {
  while (follower.position.offset < log.endOffset(0)) await new Promise(setImmediate);
};

export const nextTurn = (): Promise<void> => new Promise(setImmediate);

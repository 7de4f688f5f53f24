import type { EventLog, Follower } from '../eventlog/index.ts';
import { recordFields, type RecordBatch } from '../events/index.ts';
import type { Clock } from '../kernel/index.ts';

export interface Scan {
  readonly partition: number;
  readonly fromOffset: number;
  /** Ends before the first record that was received then, ms; undefined: at the end of the log. */
  readonly untilMs?: number | undefined;
  /** By the steady clock: ends where it is when this has passed. */
  readonly deadline: number;
  /** Answers where to end: before this record, after it, or (false) not yet. The batch is valid only meanwhile. */
  readonly each: (batch: RecordBatch, i: number) => 'before' | 'after' | false;
}

export interface Scanned {
  /** Where to go on. */
  readonly offset: number;
  /** There was nothing left. */
  readonly isAtEnd: boolean;
}

/** Reads a partition of the log on from an offset. What retention has taken away is passed over. Throws `unavailable`. */
export const scanLog = (log: EventLog, clock: Clock, scan: Scan): Promise<Scanned> => {
  const { partition, untilMs = Number.POSITIVE_INFINITY, deadline, each } = scan;
  const endOffset = log.endOffset(partition);
  if (scan.fromOffset >= endOffset) return Promise.resolve({ offset: scan.fromOffset, isAtEnd: true });
  return new Promise((resolve, reject) => {
    let isDone = false;
    let follower: Follower | undefined;
    const end = (offset: number, isAtEnd: boolean): void => {
      if (isDone) return;
      isDone = true;
      void follower?.stop();
      resolve({ offset, isAtEnd });
    };
    const handle = (batch: RecordBatch): void => {
      for (let i = 0; i < batch.count && !isDone; i++) {
        const offset = batch.offsets[i] as number;
        if (recordFields.receivedAt(batch.view, batch.starts[i] as number) >= untilMs) {
          end(offset, true);
          return;
        }
        const step = each(batch, i);
        if (step === 'before') end(offset, true);
        else if (step === 'after') end(i + 1 < batch.count ? (batch.offsets[i + 1] as number) : batch.nextOffset, false);
      }
      if (!isDone && clock.steady() >= deadline) end(batch.nextOffset, batch.nextOffset >= log.endOffset(partition));
      else if (!isDone && batch.nextOffset >= endOffset) end(batch.nextOffset, true);
    };
    follower = log.follow({
      partition,
      fromOffset: Math.max(scan.fromOffset, log.startOffset(partition)),
      handle,
      caughtUp: () => end(Math.max(endOffset, follower?.position.offset ?? 0), true),
      failed: reject,
    });
    if (isDone) void follower.stop();
  });
};

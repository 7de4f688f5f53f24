import { OperationalError } from '../kernel/index.ts';

/** A position was not taken: the partition is, or may be, another process's by now. Who reads it next begins at the position before. */
export class PartitionLostError extends OperationalError {
  constructor(consumer: string, partition: number, cause?: unknown) {
    super('unavailable', `partition ${partition} is not shared out to this process as ${consumer}: its position is not taken`, {
      cause,
    });
  }
}

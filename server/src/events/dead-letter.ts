import { FormatError } from '@milepost/contract/report';
import { BugError } from '../kernel/index.ts';

/** A record that a read model cannot apply, whole, so that it can be looked at and tried again. */
export interface DeadLetter {
  /** Which read model. */
  readonly reader: string;
  readonly partition: number;
  readonly offset: number;
  /** A copy: header and body. */
  readonly record: Uint8Array;
  readonly error: Error;
}

/**
 * True when applying one record failed because of the record, or of how we read it: then the same would happen again after every start, and the
 * record is put aside. Anything else (disk, memory, threads, a newer format) is of the moment or of the whole: there the reader stops or tries again.
 */
export const isPoison = (error: unknown): error is Error =>
  error instanceof FormatError || error instanceof BugError || error instanceof RangeError || error instanceof TypeError;

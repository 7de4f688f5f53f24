import type { DeadLetter } from '../events/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import type { ConsentGroupOf } from './read-permission.ts';

export interface HistoryOptions {
  /** Which adapter of `ChunkStore` the threads load, and what it is given (plain data). */
  readonly store: { readonly adapterModule: URL; readonly adapterOptions: unknown };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Consent group of a signal; undefined: there is no such signal. */
  readonly consentGroupOf: ConsentGroupOf;
  /** A thread of history ended by itself: nothing more can be stored or read. */
  readonly failed: (error: Error) => void;
  /** Keeps a record that cannot be stored; when it is not given such records are only counted. */
  readonly deadLetter?: (letter: DeadLetter) => void;
  /** Physical partitions of the log; 1 unless it says otherwise. */
  readonly partitions?: number;
  /** Another process writes what this one reads: nothing is stored or merged here. */
  readonly isReplica?: boolean;
  /**
   * Partitions of the log that this process may write from now on, and nobody who claimed them before; what it merges is theirs alone. Not given:
   * no other process writes.
   */
  readonly claimed?: readonly number[];
  /** Another process has claimed one of them: nothing more that is applied here can be stored. */
  readonly superseded?: (error: Error) => void;
  readonly sealBytes?: number;
  readonly sealAgeMs?: number;
  /** What `fleetAt` answers, and how long keyframes of it are kept; undefined: it answers nothing. */
  readonly fleet?: { readonly signals: readonly number[]; readonly keyframeRetentionMs: number };
}

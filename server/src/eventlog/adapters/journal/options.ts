import type { Clock, Logger } from '../../../kernel/index.ts';

export interface JournalLimits {
  /** A segment that has reached this is closed and a new one begun. */
  readonly segmentBytes: number;
  /** A segment whose oldest record is older is closed too, so that little traffic does not keep records beyond the retention. */
  readonly segmentAgeMs: number;
  /** Records and bytes waiting for a commit: past either, `queue_full`. */
  readonly pendingRecordsMax: number;
  readonly pendingBytesMax: number;
  /** Under load a commit begins this long after the one before; when idle at once. */
  readonly commitSpacingMs: number;
  /** Free space below which nothing more is taken. */
  readonly diskReserveBytes: number;
  /** How often free space is looked at. */
  readonly diskCheckMs: number;
  /** Segments whose newest record is older are removed; at most 30 days. */
  readonly retentionMs: number;
  /** The oldest segments are removed while all together are larger. */
  readonly bytesMax: number;
  /** What a follower that is behind reads at once. */
  readonly readBytes: number;
}

export const journalLimits: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  segmentAgeMs: 86_400_000,
  pendingRecordsMax: 262_144,
  pendingBytesMax: 64 * 1024 * 1024,
  commitSpacingMs: 5,
  diskReserveBytes: 256 * 1024 * 1024,
  diskCheckMs: 1000,
  retentionMs: 14 * 86_400_000,
  bytesMax: 256 * 1024 * 1024 * 1024,
  readBytes: 1024 * 1024,
};

export interface JournalOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<JournalLimits>;
}

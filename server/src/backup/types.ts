import type { DatabaseBackupEnd, DatabasePoint } from '../storage/index.ts';

/** Version of the layout of a backup; docs/formats/backup.md. */
export const backupVersion = 1;
export const backupFormat = 'milepost-backup';

export interface BackedUpFile {
  /** Below the backup and below the data folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mode: number;
}

export interface BackedUpFolder {
  readonly path: string;
  readonly mode: number;
}

/** The moment that a backup stands for: what was acknowledged before is in it. */
export interface ConsistentPoint {
  /** Clock of the server. */
  readonly at: string;
  /** End of the event log by partition: nothing of the log behind it is in the backup. */
  readonly log: readonly { readonly partition: number; readonly endOffset: number }[];
}

export type DatabasePart =
  | {
      readonly kind: 'embedded';
      /** Absent: the server was stopped, so its folder was copied as it lay. */
      readonly startLsn?: string;
      readonly stopLsn?: string;
    }
  /** `DATABASE_URL`: not in the backup. Bring it to this point, or a later one, by its own means. */
  | { readonly kind: 'outside'; readonly point: DatabasePoint | null };

export interface Manifest {
  readonly format: typeof backupFormat;
  readonly version: typeof backupVersion;
  /** Version of the program that made it. */
  readonly program: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Taken while the server ran. */
  readonly isLive: boolean;
  readonly point: ConsistentPoint;
  readonly database: DatabasePart;
  readonly folders: readonly BackedUpFolder[];
  readonly files: readonly BackedUpFile[];
}

/** A file of the event log, and how much of it belongs to the backup. */
export interface LogExtent {
  readonly name: string;
  /** Undefined: all of it. */
  readonly bytes?: number;
}

/**
 * Whoever holds the data folder still enough to be copied: a running server, or the lock of a stopped one.
 * Called in this order; `release` in any case.
 */
export interface BackupSource {
  readonly isLive: boolean;
  /** From here on nothing old is removed, and the database knows that it is being copied. */
  begin(): Promise<{ readonly database: 'embedded' | 'outside'; readonly startLsn?: string }>;
  /** The consistent point. History was copied before, so that it is never ahead of the log. */
  cut(): Promise<ConsistentPoint>;
  /** After the folder of the database was copied. Undefined: it was stopped, or lies outside. */
  end(): Promise<{ readonly stopped?: DatabaseBackupEnd; readonly point?: DatabasePoint | null }>;
  release(): Promise<void>;
}

/** What is known of the files of the event log; by the adapter that writes them. */
export interface LogFiles {
  /** Files that hold the log up to an offset; undefined: all that is there. */
  list(folder: string, endOffset: number | undefined): Promise<readonly LogExtent[]>;
  /** Small files that are written anew for the copy, by name: what is there counts up to the offset alone. */
  written(endOffset: number): ReadonlyMap<string, string>;
}

import type { Kysely } from 'kysely';

/** Where PostgreSQL is. `host` that begins with a slash is the folder of its socket. */
export interface PostgresConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * For whom SQL runs; row-level security reads it. `device`: sees what belongs to itself. `person`: the id is the number, and what is reached
 * is what is that person's own. `system`: the server's own work. `worker`: background jobs, with a role of their own.
 */
export interface Actor {
  readonly kind: 'operator' | 'system' | 'device' | 'person' | 'app' | 'worker';
  readonly id: string;
}

export const systemActor = (id: string): Actor => ({ kind: 'system', id });

/** The inside of a transaction. A domain names its tables with `tx.withTables<…>()`. */
// biome-ignore lint/complexity/noBannedTypes: no table is known here.
export type Transaction = Kysely<{}>;

/** A message of `notify`, also of other processes. */
export type Notified = (payload: string) => void;

export interface Subscription {
  /**
   * Resolves when everything was heard that was told, by whatever process, before this was called. Waits `waitMs` at most (250 unless given), and not
   * at all while the connection is away: false then, something may still be missing.
   */
  catchUp(waitMs?: number): Promise<boolean>;
  close(): Promise<void>;
}

/** What makes a copy of the cluster's folder, taken between start and stop, a whole one. */
export interface DatabaseBackupEnd {
  /** Up to where the copy is consistent: everything committed before is in it. */
  readonly stopLsn: string;
  /** Text of `backup_label`, to lie in the copied folder. */
  readonly label: string;
  /** Names in `pg_wal` that the copy cannot be opened without. They stay until `release`. */
  readonly walFiles: readonly string[];
}

/** The database is told that its folder is being copied; it goes on working. */
export interface DatabaseBackup {
  readonly startLsn: string;
  stop(): Promise<DatabaseBackupEnd>;
  /** Lets go of everything; without `stop` before, the copy is worth nothing. Idempotent. */
  release(): Promise<void>;
}

export interface DatabasePoint {
  readonly lsn: string;
  readonly at: string;
}

export interface Storage {
  /** The only door to SQL: one transaction as the actor. Throws `unavailable` when PostgreSQL is away. */
  withActor<T>(actor: Actor, run: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Hears a channel. `lost` is called after the connection was away for a while and is back: messages may be missing,
   * so the hearer reads everything again.
   */
  listen(channel: string, notified: Notified, lost: () => void): Promise<Subscription>;
  /** Only where the login may: of the embedded PostgreSQL. Throws `unavailable`. */
  startBackup(): Promise<DatabaseBackup>;
  /** Where the database stands now: for whoever backs up a PostgreSQL of their own. */
  currentPoint(): Promise<DatabasePoint>;
  /** How large the database is on its disk. Throws `unavailable`. */
  databaseBytes(): Promise<number>;
  /** Asks PostgreSQL for a sign of life; throws `unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

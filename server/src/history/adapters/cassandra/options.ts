import type { ConnectionOptions } from 'node:tls';

export interface CassandraLimits {
  /** Statements of one session that wait for an answer; whoever has more waits. */
  readonly inFlightMax: number;
  /** How long one statement may take before it counts as failed. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** An idempotent statement that failed is sent again so often, after a pause that doubles up to the second number. */
  readonly retriesMax: number;
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** How long a node that was lost is left alone before it is tried again, at most. */
  readonly reconnectMaxMs: number;
  /** Rows of one page of an answer. */
  readonly pageRows: number;
  /** Chunks asked for by one statement. */
  readonly chunksAtOnce: number;
  /** Bytes that one conditional batch adds at most. Cassandra refuses mutations of 16 MiB. */
  readonly batchBytesMax: number;
  /** Chunks that one conditional batch takes out or puts in at most. */
  readonly batchChunksMax: number;
  /** Rows of `car_logs` that one statement writes at most. */
  readonly carLogRowsAtOnce: number;
  /** How often what another changed meanwhile is looked at again. */
  readonly conflictsMax: number;
  /** Vehicles, or quarters of an hour, that a scan reads at once. */
  readonly scannedAtOnce: number;
}

export const cassandraLimits: CassandraLimits = {
  inFlightMax: 256,
  requestTimeoutMs: 12_000,
  connectTimeoutMs: 5000,
  retriesMax: 4,
  retryMs: 50,
  retryMaxMs: 1000,
  reconnectMaxMs: 2000,
  pageRows: 5000,
  chunksAtOnce: 64,
  batchBytesMax: 4 * 1024 * 1024,
  batchChunksMax: 2000,
  carLogRowsAtOnce: 50,
  conflictsMax: 8,
  scannedAtOnce: 32,
};

/** How to reach the cluster. Plain data: it is handed to threads. */
export interface CassandraOptions {
  /** host:port of some nodes; the others are found by them. */
  readonly contactPoints: readonly string[];
  readonly localDatacenter: string;
  readonly keyspace: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Given, even empty: TLS. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  readonly limits?: Partial<CassandraLimits>;
}

export interface CassandraStoreOptions extends CassandraOptions {
  /** Groups of vehicles that are merged together: the physical partitions of the log. As the keyspace was made when it is not given. */
  readonly groups?: number;
  /** Everything of a month dies so many days after its end. Not given: when it is dropped. */
  readonly retentionDays?: number;
  /** Writes each sample as a row of the table `car_logs`, too: many times the bytes, for who wants to read rows with other programs. */
  readonly carLogs?: boolean;
}

import type { RecordBatch } from '../events/index.ts';

/** Told about each record once it is durable (or that it will not be). One listener serves many records; `token` tells them apart. */
export interface AppendListener {
  appended(token: number, partition: number, offset: number): void;
  /** The record may or may not be in the log after a restart: it must not be acknowledged. */
  appendFailed(token: number, error: Error): void;
}

/** Where a reader stands in one physical partition. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface Follower {
  /** Stops; resolves when no handler runs any more. */
  stop(): Promise<void>;
  /** Where the next batch starts. */
  readonly position: LogPosition;
}

export interface FollowOptions {
  readonly partition: number;
  /** First offset wanted; one that retention has removed starts at the oldest that is left. */
  readonly fromOffset: number;
  /**
   * Called with batches in order. A synchronous handler at the tail runs right after the commit, before the listeners of the appends
   * hear of it, so what was acknowledged is already applied. While a returned promise is pending, batches wait in the log,
   * never in memory.
   */
  readonly handle: (batch: RecordBatch) => void | Promise<void>;
  /** Called once when everything that was in the log at the start of following has been handled. */
  readonly caughtUp?: () => void;
  /** A handler threw or the log cannot be read: following has ended. */
  readonly failed: (error: Error) => void;
}

export interface JoinOptions {
  /** Processes that join under one name share the partitions; it is also the name of the consumer whose positions they commit. */
  readonly group: string;
  /**
   * These partitions are ours from now on, all of them at once, maybe none. `generation` goes up with each assignment of the group, for all
   * of its members; it may begin anew when the group has been empty for long. Called after `revoked` of the ones before has resolved.
   */
  readonly assigned: (partitions: readonly number[], generation: number) => void | Promise<void>;
  /**
   * All partitions are to be given back: resolves when nothing is applied or written any more. Called once for each `assigned`, after it has
   * resolved. `isLost`: another process may have them already (this one was not heard of for too long).
   */
  readonly revoked: (isLost: boolean) => Promise<void>;
  /** One of the two above threw, or the group cannot be joined whatever is tried: the membership is over, without a further `revoked`. */
  readonly failed: (error: Error) => void;
}

/** Not to be waited for within `assigned` or `revoked`. */
export interface Membership {
  /** Resolves when what is held was revoked and the others may have it. */
  leave(): Promise<void>;
}

export interface VehicleRecord {
  readonly offset: number;
  /** A copy: header and body. */
  readonly bytes: Uint8Array;
}

export interface ReadVehicleOptions {
  readonly vehicleNo: number;
  /** receivedAt, ms; `toMs` exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Newest first; continue below this offset. */
  readonly beforeOffset?: number;
  readonly limit: number;
}

export interface LogStatistics {
  readonly bytes: number;
  readonly segments: number;
  readonly oldestReceivedAt: number | null;
  readonly appendedRecords: number;
  readonly commits: number;
  readonly pendingRecords: number;
  readonly pendingBytes: number;
  /** When the oldest of the records that are not durable yet was appended, ms; null: there is none. */
  readonly oldestPendingAt: number | null;
}

/** Why the log takes nothing just now; reading always goes on. */
export type LogRefusal = 'queue_full' | 'disk_full' | 'failed' | 'closed';

/**
 * The journal of what devices said. Append is at-least-once, readers are idempotent. The mapping of every operation to Kafka is
 * in docs/formats/kafka-log.md.
 */
export interface EventLog {
  /**
   * Queues a copy of a record (`record.subarray` may be reused at once) and answers undefined; or answers why it is refused, in
   * which case the listener is not called. `appended` comes after fdatasync (Kafka: acks=all).
   */
  append(record: Uint8Array, listener: AppendListener, token: number): LogRefusal | undefined;
  /** Why an append would be refused now, so that sockets can stop reading before. */
  refusal(): LogRefusal | undefined;
  /** Called when `refusal()` becomes undefined again. */
  onWritable(callback: () => void): void;
  /** Physical partitions. */
  partitions(): readonly number[];
  /** Offset after the last durable record that this process knows of. */
  endOffset(partition: number): number;
  /** Resolves when `endOffset` knows of every record that was acknowledged before, by whatever process. Throws `unavailable`. */
  learnEnds(): Promise<void>;
  /**
   * receivedAt (ms) up to which everything that was heard, here or by other processes, is before `endOffset`; 0: it is not known. Stands still while
   * the log cannot be asked, and for as long after that as others may take to append what they held: who is silent longer than that is known to be.
   */
  knownToMs(partition: number): number;
  /** Oldest offset that is still there. */
  startOffset(partition: number): number;
  follow(options: FollowOptions): Follower;
  /**
   * Becomes a member of a group, which shares out the partitions: each is one member's, as long as members are heard of. A log joins a group once at
   * a time. Closing the log leaves.
   */
  join(options: JoinOptions): Membership;
  /** Records of one vehicle, newest first, as far back as the log reaches. */
  readVehicle(options: ReadVehicleOptions): Promise<readonly VehicleRecord[]>;
  /**
   * Durable position of a named consumer (a read model keeps its own beside its data; this is for those that have none, and to show lag).
   * Rejects with `PartitionLostError` when processes share the partitions under this name and this one does not have the partition.
   */
  commitConsumer(consumer: string, position: LogPosition): Promise<void>;
  consumerPosition(consumer: string, partition: number): Promise<number | undefined>;
  /** Removes whole segments that are over the age or size limits. */
  enforceRetention(): Promise<void>;
  statistics(): LogStatistics;
  /** Commits what is queued, then closes. */
  close(): Promise<void>;
}

import type { ConnectionStatus, StatusReason } from '@milepost/contract';

/** A stored chunk: rows of one vehicle, immutable. Written twice with the same key it changes nothing. */
export interface StoredChunk {
  readonly vehicleNo: number;
  /** Month of the sample times: (year − 1970) · 12 + month (0-based), UTC. */
  readonly bucket: number;
  /** Offset of the first log record in it: between chunks, the lower one wins a conflict. */
  readonly firstOffset: number;
  /** 0 as flushed; higher after merges. */
  readonly level: number;
  readonly fromMs: number;
  /** Newest sample time, inclusive. */
  readonly toMs: number;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** One change of a vehicle's connection status. Key: (vehicleNo, at, to). */
export interface StatusChange {
  readonly vehicleNo: number;
  /** ms: the moment of the change itself, not of its detection. */
  readonly at: number;
  readonly from: ConnectionStatus;
  readonly to: ConnectionStatus;
  readonly reason: StatusReason;
}

export interface ChunkFlush {
  /** Physical partition of the log and the offset up to which everything is contained in chunks. */
  readonly partition: number;
  readonly appliedOffset: number;
  readonly chunks: readonly StoredChunk[];
  readonly statusChanges: readonly StatusChange[];
}

export interface StatusQuery {
  /** null: all vehicles. */
  readonly vehicleNos: readonly number[] | null;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly to?: ConnectionStatus;
  /** Newest first; continue after this key. */
  readonly after?: { readonly at: number; readonly vehicleNo: number };
  readonly limit: number;
}

/**
 * Where chunks and status changes lie. The contract asks only: idempotent by key; the applied offset is monotone and written
 * after (or together with) the chunks.
 */
export interface ChunkStore {
  write(flush: ChunkFlush): Promise<void>;
  /** Chunks of a vehicle whose [fromMs, toMs] meets the period (`toMs` exclusive), in order of firstOffset, then level. */
  read(vehicleNo: number, fromMs: number, toMs: number): AsyncIterable<StoredChunk>;
  readStatus(query: StatusQuery): Promise<readonly StatusChange[]>;
  /** Undefined: nothing was ever written for the partition. */
  appliedOffset(partition: number): Promise<number | undefined>;
  /** Removes whole months that ended before. */
  dropBefore(ms: number): Promise<void>;
  statistics(): Promise<{ readonly bytes: number; readonly chunks: number; readonly rows: number }>;
  close(): Promise<void>;
}

import type { ConnectionStatus, StatusReason } from '@milepost/contract';
import type { KeyframeStore } from './fleet/keyframe-store.ts';

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
  /** Only the bytes before its columns are there: see `read`. */
  readonly isCut?: true;
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

/** Who may write a partition of the log into the store: whoever claimed it last. */
export interface Claim {
  readonly partition: number;
  /** As `claim` answered. */
  readonly epoch: number;
}

export interface ChunkFlush {
  /** Physical partition of the log and the offset up to which everything is contained in chunks. */
  readonly partition: number;
  /** Where the flush begins: the applied offset before it. Names the flush, also when it is written again after a crash. */
  readonly fromOffset: number;
  readonly appliedOffset: number;
  /** Of the claim under which it is written; not given: whoever asks may write. */
  readonly epoch?: number;
  /** receivedAt (ms) up to which everything is contained in chunks. */
  readonly completeTo: number;
  /** In order of (vehicleNo, firstOffset, level). Passed through once: a flush may make them as they are asked for. */
  readonly chunks: Iterable<StoredChunk>;
  readonly statusChanges: readonly StatusChange[];
  /** To be called between pieces of work: it may rest there. */
  readonly breathe?: () => void;
}

/** How much of a chunk is read. */
export type ChunkPart = 'whole' | 'start';

/** What names a chunk. */
export interface ChunkKey {
  readonly vehicleNo: number;
  readonly bucket: number;
  readonly firstOffset: number;
  readonly level: number;
}

/** A merged chunk without its bytes. */
export interface ChunkInfo extends ChunkKey {
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  /** Some of its samples were moved: it has original times. */
  readonly hasMoved: boolean;
}

/** The chunks of one month and one group of vehicles: what is merged together. The store says which vehicles share a group. */
export interface UnitKey {
  readonly bucket: number;
  readonly group: number;
}

export interface MergeUnit extends UnitKey {
  /** Flushes that still have chunks, of which the applied offset says that they are complete. */
  readonly flushes: number;
  readonly flushedChunks: number;
  readonly flushedRows: number;
  /** receivedAt (ms) of the oldest of them; NaN: none. */
  readonly oldestFlushMs: number;
  readonly mergedChunks: number;
  readonly mergedRows: number;
  /** Largest vehicleNo that has a chunk or a change of status. */
  readonly vehicleNoMax: number;
  /** Bytes that the store could give back, and those it needs. */
  readonly spareBytes: number;
  readonly usedBytes: number;
  /** What the last finished sweep was given, empty: none. */
  readonly swept: string;
}

export interface VehicleChunks {
  readonly vehicleNo: number;
  /** Of complete flushes, in order of firstOffset. */
  readonly flushed: readonly StoredChunk[];
  /** In order of fromMs. */
  readonly merged: readonly ChunkInfo[];
}

/** One step of a merge: all of it is seen, or nothing. Done again it changes nothing. */
export interface Replacement {
  readonly removed: readonly ChunkKey[];
  readonly added: readonly StoredChunk[];
  /** Status changes of these vehicles and times are removed. */
  readonly removedStatus: readonly VehiclePeriod[];
  /** Erased: what lies beside the chunks of these vehicles and times is removed, their status changes and copies for other programs. */
  readonly erased?: readonly VehiclePeriod[];
  /** Set when a sweep is finished. */
  readonly swept?: string;
}

export interface VehiclePeriod {
  readonly vehicleNo: number;
  /** ms; `toMs` exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface AppliedState {
  readonly partition: number;
  readonly appliedOffset: number;
  readonly completeTo: number;
}

/** What a module of an adapter exports, for the threads that load it. */
export interface ChunkStoreModule {
  openChunkStore(options: unknown, mode: 'write' | 'read'): Promise<ChunkStore>;
  /** Keyframes beside the chunks. `signals` names the signals that are kept. */
  openKeyframeStore(options: unknown, signals: string): KeyframeStore;
  /** Removes all keyframes: what is stored from now on is not noted for them. */
  removeKeyframes(options: unknown): void;
}

export interface StatusQuery {
  /** null: all vehicles. */
  readonly vehicleNos: readonly number[] | null;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly to?: ConnectionStatus;
  /**
   * Newest first, then by vehicleNo; continue after this key. Changes of one vehicle in one ms are never parted, so a page may be
   * a few longer than `limit`.
   */
  readonly after?: { readonly at: number; readonly vehicleNo: number };
  readonly limit: number;
}

/** Asks for the newest rows of many vehicles at once, month by month. */
export interface MonthScan {
  readonly bucket: number;
  /** Ascending. */
  readonly vehicleNos: ArrayLike<number>;
  /** By index of the vehicle: what ends before is not wanted. Asked again while the scan goes on: it may rise with what was taken. */
  fromMs(index: number): number;
  /** Exclusive. */
  readonly toMs: number;
}

export interface ChunkScan extends MonthScan {
  /** `start` and `rest` are the chunk; where it lies in one piece `start` is empty. */
  take(index: number, firstOffset: number, start: Uint8Array, rest: Uint8Array): void;
}

export interface StatusScan extends MonthScan {
  take(index: number, change: StatusChange): void;
}

/**
 * Where chunks and status changes lie. The contract asks only: idempotent by key; the applied offset is monotone and written
 * after (or together with) the chunks. A flush that a crash cut off is written again from the same `fromOffset` and may end earlier or
 * later than the first time: of two chunks with one key, the one of the flush that ends later stays, because it holds all of the other.
 * A flush that the applied offset says is complete is not written again: its chunks may have been merged.
 * With claims a partition may move between processes: once a newer claim is there, what is asked under an older one is refused with
 * `superseded`, and changes neither the applied offset nor what was merged since.
 */
export interface ChunkStore {
  /** Answers the epoch of a new claim of a partition of the log: larger than all before. */
  claim(partition: number): Promise<number>;
  write(flush: ChunkFlush): Promise<void>;
  /**
   * Chunks of a vehicle whose [fromMs, toMs] meets the period (`toMs` exclusive), in order of firstOffset, then level. Of those that have
   * roll-ups 'start' may give what stands before their columns, which is a tenth; the others are whole.
   */
  read(vehicleNo: number, fromMs: number, toMs: number, part?: ChunkPart): AsyncIterable<StoredChunk>;
  readStatus(query: StatusQuery): Promise<readonly StatusChange[]>;
  /** Months of which something is stored that meet the period, newest first. */
  months(fromMs: number, toMs: number): Promise<readonly number[]>;
  /** Oldest sample time, or one before it; undefined: there is none. */
  oldestMs(): Promise<number | undefined>;
  /**
   * Passes the chunks of a month that meet the period of their vehicle: those that are not merged, then of each vehicle the merged ones from
   * the newest back. A row that is merged meanwhile is passed at least once.
   */
  scanChunks(scan: ChunkScan): Promise<void>;
  /** Of each vehicle the changes from the newest back. */
  scanStatus(scan: StatusScan): Promise<void>;
  /** In order of (bucket, group). */
  mergeUnits(): Promise<readonly MergeUnit[]>;
  /** Vehicles `fromVehicleNo` … `toVehicleNo` − 1 that have a complete flushed or a merged chunk, ascending. */
  readUnit(unit: UnitKey, fromVehicleNo: number, toVehicleNo: number): Promise<readonly VehicleChunks[]>;
  /** Merged chunks with their bytes, in the order of the keys. */
  readMerged(keys: readonly ChunkKey[]): Promise<readonly StoredChunk[]>;
  /**
   * A reader sees each row once, before and after. Keys that are not there are no error. One that takes something out of a month that was
   * dropped meanwhile does nothing; one that only puts in makes the month when there is none (taken over from another store). `claim`: that of
   * the partition from which the vehicles of the unit come.
   */
  replace(unit: UnitKey, replacement: Replacement, claim?: Claim): Promise<void>;
  /** Gives up to about `bytesMax` back; answers what is left to give. */
  giveBack(unit: UnitKey, bytesMax: number): Promise<number>;
  /** Undefined: nothing was ever written for the partition. */
  appliedOffset(partition: number): Promise<number | undefined>;
  /** Everything that `appliedOffset` and `completeTo` of past flushes say, by partition. */
  applied(): Promise<readonly AppliedState[]>;
  /** Removes whole months that ended before. */
  dropBefore(ms: number): Promise<void>;
  statistics(): Promise<{ readonly bytes: number; readonly chunks: number; readonly rows: number }>;
  /** Closing again is no error. */
  close(): Promise<void>;
}

import type { ReadScope, RecordBatch, SignalPrecision } from '../events/index.ts';
import type { FleetMoment, FleetQuery } from './fleet/types.ts';
import type { HidingRules } from './hidden-values.ts';
import type { StatusChange, StatusQuery } from './ports.ts';

/** Of which devices values are wanted. */
export type DeviceFilter = { readonly only: number } | { readonly except: readonly number[] };

export interface HistoryQuery {
  readonly vehicleNo: number;
  /** Stored numbers of the signals wanted, at least one. */
  readonly signals: readonly number[];
  /** Sample times, ms; `toMs` exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Width of a step, ms; undefined: every sample. */
  readonly stepMs?: number;
  /** Without a step; undefined: of all. */
  readonly devices?: DeviceFilter | undefined;
  /** Most rows of the answer; the rest follows with a later `fromMs`. */
  readonly rowsMax: number;
}

/** Numbers of one signal in steps; a step without a value is NaN (count 0). In stored integers. */
export interface StepColumn {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Float64Array;
}

/** One signal's values by row: stored integers (NaN: none), or texts (null: none). */
export type RawColumn =
  | { readonly numbers: Float64Array; readonly texts?: undefined }
  | { readonly texts: readonly (string | null)[]; readonly numbers?: undefined };

export interface HistoryResult {
  /** Row times (ms): sample times, or the starts of steps that hold a value of at least one signal. */
  readonly times: Float64Array;
  /** Without a step: by signal, in the order of the query. */
  readonly raw?: readonly RawColumn[];
  /** With a step. A text signal has only `last`, as `texts`. */
  readonly steps?: readonly (StepColumn | { readonly texts: readonly (string | null)[]; readonly count: Float64Array })[];
  /** receivedAt (ms) up to which every acknowledged report is contained. */
  readonly completeTo: number;
  /** By signal, how finely its values are told; not there: all as they are. Of a threshold the numbers are 1 (above) or 0. */
  readonly told?: readonly SignalPrecision[];
  /** When `rowsMax` cut the answer: the `fromMs` to go on with. */
  readonly nextFromMs?: number;
}

export interface HistoryStatistics {
  readonly memtableBytes: number;
  readonly memtableReports: number;
  readonly storedBytes: number;
  readonly storedChunks: number;
  readonly storedRows: number;
  readonly flushes: number;
  readonly lastFlushMs: number;
  /** When the last flush was done, ms; null: there was none since the start. */
  readonly lastFlushAt: number | null;
  /** Values that lost against a different one at a lower offset, found when a chunk was made or merged. */
  readonly conflictsAtMerge: number;
  /** Since the start: months that were merged to their end, and what went in and came out. */
  readonly merges: number;
  readonly mergeRowsBefore: number;
  readonly mergeRowsAfter: number;
  readonly mergeBytesBefore: number;
  readonly mergeBytesAfter: number;
  /** Months from which everything that is no longer kept was removed, since the start. */
  readonly sweeps: number;
  /** Records that could not be decoded: always 0 unless something is broken. */
  readonly unreadableRecords: number;
  /** Flushes that failed and were tried again. */
  readonly flushFailures: number;
  /** Tables that wait for their flush. */
  readonly sealedTables: number;
  readonly queriesWaiting: number;
  /** Keyframes made since the start, and how long the last one took. */
  readonly keyframesMade: number;
  readonly lastKeyframeMs: number;
}

/** History of all vehicles: memtable and chunks read as one. */
export interface History {
  /** Applies records in log order, exactly once each; synchronous, so that what was acknowledged can be read. */
  apply(batch: RecordBatch): void;
  /**
   * Undefined: go on. Otherwise memory is full until a flush is done: the caller waits for it before it applies more, so that records
   * wait in the log. A caller that does not is stopped by an error of `apply` at twice the memory.
   */
  ready(): Promise<void> | undefined;
  /** Adds transitions that `live` found; they are flushed together with the records that led to them. */
  applyStatus(changes: readonly StatusChange[]): void;
  query(scope: ReadScope, query: HistoryQuery): Promise<HistoryResult>;
  /** What was known of many vehicles at a moment: the newest value of each kept signal by sample time, and the status. */
  fleetAt(scope: ReadScope, query: FleetQuery): Promise<FleetMoment>;
  /** Makes all keyframes that are due, instead of one by one in the background. */
  makeKeyframes(): Promise<void>;
  /** Newest first. */
  status(scope: ReadScope, query: StatusQuery): Promise<readonly StatusChange[]>;
  /** The stored value of (vehicle, device, signal, time) if the memtable holds it: for `conflict`. */
  findRecent(vehicleNo: number, deviceNo: number, signalNumber: number, timeMs: number): number | string | undefined;
  /** Where to start following each partition: the applied offset of the store. */
  appliedOffset(partition: number): number | undefined;
  /** Called when the memtable is sealed, in the turn of the batch that filled it: the moment for `live` to take its snapshot. */
  onSeal(callback: () => void): void;
  /** Removes whole months that ended before, for all vehicles. */
  dropBefore(ms: number): Promise<void>;
  /**
   * What may no longer be read, all of it: replaces the rules given before. Hidden at once, removed by the next merges. Erased periods stay
   * in the rules for ever: they also hide samples that arrive later.
   */
  setHiding(rules: HidingRules): Promise<void>;
  /** Merges all that is due now, instead of step by step in the background. */
  merge(): Promise<void>;
  /** Chunks stay as they are until what is answered is called: no merge, no sweep. */
  holdMerging(): Promise<() => void>;
  /** Writes what is in memory now; resolves when it is stored, rejects when the store cannot take it (it is tried again by itself). */
  flush(): Promise<void>;
  statistics(): HistoryStatistics;
  /** Writes what is in memory and ends the threads. What could not be written is found in the log by the next start. */
  close(): Promise<void>;
}

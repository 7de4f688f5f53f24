import type { ErrorCode } from '@milepost/contract';
import type { FlushCounts } from './flush-table.ts';
import type { DueRequest, FleetPart, FleetRequest, MakeRequest } from './fleet/fleet-worker.ts';
import type { HidingRules } from './hidden-values.ts';
import type { MergeCounts } from './merge-pass.ts';
import type { Leisure } from './pacer.ts';
import type { SharedTable } from './memtable.ts';
import type { AppliedState, Claim, StatusChange, StatusQuery } from './ports.ts';
import type { QueryAnswer, QueryRequest } from './run-query.ts';

/** What a thread does: it writes chunks and merges, answers queries of one vehicle, or makes keyframes and answers for the whole fleet. */
export type ThreadMode = 'write' | 'read' | 'fleet';

export interface ThreadData {
  readonly mode: ThreadMode;
  /** Signals that are kept for the whole fleet, ascending. */
  readonly fleetSignals: readonly number[];
  /** False: there are none, and those of before are removed. */
  readonly hasKeyframes: boolean;
  /** URL of a module that exports `openChunkStore`. */
  readonly adapterModule: string;
  readonly adapterOptions: unknown;
}

export interface FlushRequest {
  readonly table: SharedTable;
  /** What is flushed of it: the vehicles of one partition, of so many. */
  readonly partition: number;
  readonly partitions: number;
  readonly fromOffset: number;
  readonly appliedOffset: number;
  /** Of the claim under which its records were followed; not given: nobody claims. */
  readonly epoch?: number;
  readonly completeTo: number;
  readonly statusChanges: readonly StatusChange[];
  /** How long it may take. */
  readonly leisure: Leisure;
}

export interface StoreStatistics {
  readonly bytes: number;
  readonly chunks: number;
  readonly rows: number;
}

export interface FlushAnswer extends FlushCounts {
  readonly statistics: StoreStatistics;
}

export interface MergeAnswer {
  /** There is more to merge now. */
  readonly isMore: boolean;
  readonly counts: MergeCounts;
  readonly statistics: StoreStatistics;
}

export interface RulesRequest {
  readonly rules: HidingRules;
  /** By signal number: index of its consent group. */
  readonly groupsOfSignals: Uint8Array;
}

export interface Announced {
  readonly mark: number;
  /** Largest number of a vehicle that has something in the store. */
  readonly vehicleNoMax: number;
}

/** What a thread can be asked, and what it answers. */
export interface ThreadOperations {
  /** The request: options of the adapter instead of those that the thread was started with; undefined: those. */
  open: { request: unknown; answer: { readonly applied: readonly AppliedState[]; readonly statistics: StoreStatistics } };
  flush: { request: FlushRequest; answer: FlushAnswer };
  applied: { request: undefined; answer: readonly AppliedState[] };
  /** A new claim of a partition of the log; answers its epoch. */
  claim: { request: number; answer: number };
  /** From now on only what these claims allow is merged; undefined: everything. */
  setClaims: { request: readonly Claim[] | undefined; answer: undefined };
  /** One step; the request is the time now, ms. */
  merge: { request: number; answer: MergeAnswer };
  setRules: { request: RulesRequest; answer: undefined };
  query: { request: QueryRequest; answer: QueryAnswer };
  status: { request: StatusQuery; answer: readonly StatusChange[] };
  dropBefore: { request: number; answer: StoreStatistics };
  announceKeyframe: { request: number; answer: Announced };
  fleetAt: { request: FleetRequest; answer: readonly FleetPart[] };
  dueKeyframe: { request: DueRequest; answer: number | undefined };
  makeKeyframe: { request: MakeRequest; answer: number | undefined };
  sweepKeyframes: { request: number; answer: boolean };
  /** The store is closed; it may be opened again. */
  close: { request: undefined; answer: undefined };
}
export type ThreadOperation = keyof ThreadOperations;

export interface ThreadRequest {
  readonly id: number;
  readonly operation: ThreadOperation;
  readonly request: unknown;
}

export interface ThreadError {
  /** Undefined: an error of ours. */
  readonly code: ErrorCode | undefined;
  readonly isOperational: boolean;
  readonly message: string;
  readonly stack: string | undefined;
}

export type ThreadAnswer =
  | { readonly warning: string; readonly cause: string }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ThreadError };

import type { WarningCode, WarningDetail, WarningSeverity } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';

/** A warning as the latest values of a vehicle have it. */
export interface SeenWarning {
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly detail: WarningDetail;
  /** Sample time of the value it is seen by, ms. */
  readonly timeMs: number;
}

/** Where warnings come from: `live`. */
export interface WarningSource {
  /** Those that are active now. */
  active(vehicleNo: number): readonly SeenWarning[];
  /** Newest sample time (ms) of what decides about a warning; undefined: nothing does any more. */
  lookedAt(vehicleNo: number, code: WarningCode): number | undefined;
  /** Vehicles that may have one. */
  vehicles(): Iterable<number>;
}

/** A row of the log of warnings. */
export interface WarningRecord {
  readonly warningNo: number;
  readonly id: string;
  readonly vehicleNo: number;
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly detail: WarningDetail;
  /** Sample times, ms. */
  readonly raisedMs: number;
  readonly endedMs: number | null;
  /** When people were told last, by the server's clock, ms; null: it was old news when it was found. */
  readonly rangMs: number | null;
  readonly times: number;
}

export type WarningChangeKind = 'raised' | 'grown' | 'returned' | 'ended';

export interface WarningChange {
  readonly change: WarningChangeKind;
  readonly warning: WarningRecord;
}

export interface WarningFilters {
  /** Words that VIN, plate, customer or model contain, all of them. */
  readonly q?: string | undefined;
  readonly vehicleNo?: number | undefined;
  readonly customerNo?: number | undefined;
  readonly state?: 'open' | 'ended' | undefined;
  readonly severities?: readonly WarningSeverity[] | undefined;
  readonly code?: WarningCode | undefined;
  /** Active at some time of the period, ms; the end is exclusive. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Where a page ended. */
export interface WarningPlace {
  readonly raisedMs: number;
  readonly warningNo: number;
}

export interface WarningList {
  readonly items: readonly WarningRecord[];
  readonly next: WarningPlace | null;
}

export interface WarningCounts {
  readonly open: Readonly<Record<WarningSeverity, number>>;
  readonly unseen: number;
  readonly seenUntilMs: number | null;
}

/** What hears of changes of the log, whichever process wrote them. */
export interface WarningListener {
  changed(changes: readonly WarningChange[]): void;
  /** Changes may be missing, or somebody has looked at them. */
  outdated(): void;
}

/** The log of warnings as it is read: all of it, as a scope allows. */
export interface Warnings {
  /** Newest first. A page may hold fewer than asked for, even none, and still have a next one. */
  list(
    scope: ReadScope,
    filters: WarningFilters,
    page: { readonly limit: number; readonly after?: WarningPlace },
  ): Promise<WarningList>;
  counts(scope: ReadScope): Promise<WarningCounts>;
  /** What rang up to a moment was seen by who reads. Never goes back. */
  see(scope: ReadScope, untilMs: number): Promise<void>;
  /** Whether a scope shows a warning. */
  isShown(scope: ReadScope, warning: WarningRecord): boolean;
  listen(listener: WarningListener): () => void;
  close(): Promise<void>;
}

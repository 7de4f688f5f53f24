import type { ConsentGroup } from '@milepost/contract';
import type { Precision, SignalPrecision } from './precision.ts';

declare const brand: unique symbol;

/** From when to when (ms, `toMs` exclusive; null: open) a reader may see a vehicle. */
export interface ReadPeriod {
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** What a reader is told of one signal, or of what is derived of a group. */
export interface ItemPermission {
  /** Sample times that may be read: ascending, not overlapping. */
  readonly periods: readonly ReadPeriod[];
  /** As `hiddenPeriods` of a scope. */
  readonly hidden: readonly ReadPeriod[];
  readonly precision: SignalPrecision;
}

/**
 * Permission to read vehicle data: who, which vehicles, which items, how precisely, of which periods. Every function
 * that returns data of a vehicle takes one. Only `sharing/` makes them; the brand keeps others from doing so.
 */
export interface ReadScope {
  readonly [brand]: 'ReadScope';
  /** Who reads, for receipts and the audit log: `operator`, later a person or a partner. */
  readonly reader: string;
  /** Streams are encoded once per audience: scopes with the same key see the same. */
  readonly audience: string;
  /** Grows when what the scope allows changes; streams ask again when it does. */
  version(): number;
  /** Any of its past or present may be read. */
  allowsVehicle(vehicleNo: number): boolean;
  /** Its present may be read: lists, maps and streams show it. False for one that the reader held once. */
  seesNow(vehicleNo: number): boolean;
  /** It is shown by a grant alone: neither what its holder calls it, nor its groups, drivers and devices are told. Left out: nothing is. */
  isGuest?(vehicleNo: number): boolean;
  /** The reader may know of this customer: its name, its drivers. */
  seesCustomer(customerNo: number): boolean;
  allowsGroup(vehicleNo: number, group: ConsentGroup): boolean;
  precision(vehicleNo: number, group: ConsentGroup): Precision;
  /** Periods in ascending order, not overlapping. Of a scope with `items` those in which anything may be read: each item has its own. */
  periods(vehicleNo: number): readonly ReadPeriod[];
  /**
   * Periods in which values of a group are hidden from this reader, ascending, not overlapping: nearly always none. While one has no
   * end, what is known by now is hidden, too, whatever its time.
   */
  hiddenPeriods(vehicleNo: number, group: ConsentGroup): readonly ReadPeriod[];
  /** false: `hiddenPeriods` has none for any vehicle now. */
  hidesAnything(): boolean;
  /** Vehicles of which something else is shown since a version; undefined: too many to tell. */
  changedSince(version: number): readonly number[] | undefined;
  /**
   * Of scopes that are made of grants: signals alone, times told coarsely, thresholds. Without it what is said of a group holds for each of its
   * signals, of each report: so nobody asks for each value of an owner's map. Read it by `signalPermission` and `groupPermission`.
   */
  readonly items?: ItemRules;
}

export interface ItemRules {
  /** Undefined: it may not be read. */
  ofSignal(vehicleNo: number, signalNumber: number, group: ConsentGroup): ItemPermission | undefined;
  /** Of what is derived: the group as a whole. */
  ofGroup(vehicleNo: number, group: ConsentGroup): ItemPermission | undefined;
}

const wholeGroup = (scope: ReadScope, vehicleNo: number, group: ConsentGroup): ItemPermission | undefined => {
  if (!scope.allowsVehicle(vehicleNo) || !scope.allowsGroup(vehicleNo, group)) return undefined;
  const precision: SignalPrecision = { place: scope.precision(vehicleNo, group), time: 'report', above: null };
  return { periods: scope.periods(vehicleNo), hidden: scope.hiddenPeriods(vehicleNo, group), precision };
};

/** What a scope lets its reader see of a signal; undefined: nothing. */
export const signalPermission = (
  scope: ReadScope,
  vehicleNo: number,
  signalNumber: number,
  group: ConsentGroup,
): ItemPermission | undefined =>
  scope.items ? scope.items.ofSignal(vehicleNo, signalNumber, group) : wholeGroup(scope, vehicleNo, group);

/** What a scope lets its reader see of things that are derived of a group; undefined: nothing. */
export const groupPermission = (scope: ReadScope, vehicleNo: number, group: ConsentGroup): ItemPermission | undefined =>
  scope.items ? scope.items.ofGroup(vehicleNo, group) : wholeGroup(scope, vehicleNo, group);

/** The periods hold a moment. */
export const isWithin = (periods: readonly ReadPeriod[], timeMs: number): boolean => isHiddenAt(periods, timeMs);

/** A moment of what is derived of a group, told as it was: in its periods, not hidden, and each report told. */
export const isSeenAt = (permission: ItemPermission | undefined, timeMs: number): boolean =>
  permission !== undefined &&
  permission.precision.time === 'report' &&
  isWithin(permission.periods, timeMs) &&
  !isHiddenAt(permission.hidden, timeMs);

/** For `sharing/` alone. */
export type ReadScopeFields = Omit<ReadScope, typeof brand>;

/** Sample times that are hidden by periods of `hiddenPeriods`. */
export const isHiddenAt = (hidden: readonly ReadPeriod[], timeMs: number): boolean => {
  for (let i = 0; i < hidden.length; i++) {
    const { fromMs, toMs } = hidden[i] as ReadPeriod;
    if (timeMs >= fromMs && (toMs === null || timeMs < toMs)) return true;
  }
  return false;
};

/** What is known by now is hidden: a period goes on, or holds the time it is of. */
export const isHiddenNow = (hidden: readonly ReadPeriod[], timeMs: number): boolean =>
  hidden.length > 0 && (hidden[hidden.length - 1]?.toMs === null || isHiddenAt(hidden, timeMs));

/** Any of a stretch of time is hidden; `toMs` null: it goes on. */
export const isHiddenWithin = (hidden: readonly ReadPeriod[], fromMs: number, toMs: number | null): boolean =>
  hidden.some((period) => (toMs === null || period.fromMs <= toMs) && (period.toMs === null || period.toMs > fromMs));

import { connectionStatuses, type ConsentGroup, statusReasons } from '@milepost/contract';
import {
  isHiddenAt,
  isSeenAt,
  isWithin,
  groupPermission,
  type ReadScope,
  signalPermission,
  tellStored,
} from '../../events/index.ts';
import type { HiddenValues } from '../hidden-values.ts';
import type { FleetMoment, FleetStatus, FleetValue } from './types.ts';
import type { FleetColumn, FleetOther, FleetPart } from './fleet-worker.ts';
import { deviceHoldMs } from './limits.ts';

export interface MomentRules {
  readonly scope: ReadScope;
  readonly hidden: HiddenValues;
  readonly groupOf: (signalNumber: number) => ConsentGroup | undefined;
  /** Of several devices' values the one of the lowest rank counts, unless it is much older. */
  readonly rankOf: (signalNumber: number, deviceNo: number) => number;
  readonly nowMs: number;
  readonly atMs: number;
  readonly completeTo: number;
}

const neverSeen: FleetStatus = { status: 'never_seen', since: null, reason: 'none' };

/** Who may not see a moment sees nothing of it, also not what was known from before. */
export const mayBeAsked = (scope: ReadScope, vehicleNo: number, atMs: number): boolean =>
  scope.allowsVehicle(vehicleNo) && isWithin(scope.periods(vehicleNo), atMs);

interface Lookup {
  readonly part: FleetPart;
  readonly columns: ReadonlyMap<number, { readonly index: number; readonly column: FleetColumn }>;
  readonly others: ReadonlyMap<string, readonly FleetOther[]>;
}

const lookupOf = (part: FleetPart): Lookup => {
  const others = new Map<string, FleetOther[]>();
  for (const other of part.others) {
    const key = `${other.place}:${other.column}`;
    others.set(key, [...(others.get(key) ?? []), other]);
  }
  return { part, columns: new Map(part.columns.map((column, index) => [column.signalNumber, { index, column }])), others };
};

/** The answer of the threads behind the rules of its reader: nothing is to be had but through them. */
export class ScopedMoment implements FleetMoment {
  readonly atMs: number;
  readonly vehicleNos: Int32Array;
  readonly signals: readonly number[];
  readonly keyframeMs: number | null;
  readonly completeTo: number;
  readonly #rules: MomentRules;
  readonly #lookups: readonly Lookup[];
  /** First place of each part. */
  readonly #starts: number[] = [];
  #last = 0;

  constructor(parts: readonly FleetPart[], rules: MomentRules) {
    this.#rules = rules;
    this.atMs = rules.atMs;
    this.completeTo = rules.completeTo;
    this.#lookups = parts.map(lookupOf);
    let count = 0;
    for (const part of parts) {
      this.#starts.push(count);
      count += part.vehicleNos.length;
    }
    this.vehicleNos = new Int32Array(count);
    parts.forEach((part, i) => this.vehicleNos.set(part.vehicleNos, this.#starts[i]));
    this.signals = [...new Set(parts.flatMap(({ columns }) => columns.map(({ signalNumber }) => signalNumber)))];
    const keyframes = parts.map(({ keyframeMs }) => keyframeMs);
    this.keyframeMs = keyframes.includes(undefined) || keyframes.length === 0 ? null : Math.min(...(keyframes as number[]));
  }

  /** Places are mostly asked for in order. */
  #lookup(place: number): { readonly lookup: Lookup; readonly at: number } {
    let part = this.#last;
    if (place < (this.#starts[part] ?? 0)) part = 0;
    while (part + 1 < this.#starts.length && place >= (this.#starts[part + 1] as number)) part++;
    this.#last = part;
    return { lookup: this.#lookups[part] as Lookup, at: place - (this.#starts[part] as number) };
  }

  value(place: number, signalNumber: number): FleetValue | undefined {
    const { scope, groupOf, hidden, nowMs, atMs } = this.#rules;
    const vehicleNo = this.vehicleNos[place] as number;
    const group = groupOf(signalNumber);
    const permission = group && signalPermission(scope, vehicleNo, signalNumber, group);
    const value = permission && this.#newest(place, signalNumber);
    if (!value || !isWithin(permission.periods, value.time)) return undefined;
    // As it was seen then: while it was hidden, what was known from before was, too.
    const { hidden: periods, precision } = permission;
    if (periods.length > 0 && (isHiddenAt(periods, value.time) || isHiddenAt(periods, atMs))) return undefined;
    // Erased ones were never taken: what is older than the retention hides everything before it too.
    if (value.time < hidden.keptFromMs(vehicleNo, group, nowMs)) return undefined;
    // What is told of periods is not told of a moment: where in its period it lies would be found by asking again. And whether a value is above
    // something has no place among values.
    if (precision.above !== null || precision.time !== 'report') return undefined;
    const stored = typeof value.stored === 'number' ? tellStored(value.stored, signalNumber, precision) : value.stored;
    return { ...value, stored };
  }

  #newest(place: number, signalNumber: number): FleetValue | undefined {
    const { lookup, at } = this.#lookup(place);
    const found = lookup.columns.get(signalNumber);
    if (!found) return undefined;
    const { column, index } = found;
    const time = column.times[at] as number;
    if (time < 0) return undefined;
    const own = {
      device: column.devices[at] as number,
      time,
      value: column.values[at] as number,
      isText: column.isText[at] === 1,
    };
    const others = lookup.others.size === 0 ? undefined : lookup.others.get(`${at}:${index}`);
    const best = others ? this.#preferred(signalNumber, [own, ...others]) : own;
    const stored = best.isText ? (lookup.part.words[best.value] as string) : best.value;
    return { stored, time: best.time, deviceNo: best.device };
  }

  /** The newest goes before the lower device number at one time, as they stand in the state. */
  #preferred<One extends { readonly device: number; readonly time: number }>(
    signalNumber: number,
    candidates: readonly One[],
  ): One {
    const { rankOf } = this.#rules;
    const newestMs = Math.max(...candidates.map(({ time }) => time));
    const ranked = candidates
      .filter(({ time }) => time >= newestMs - deviceHoldMs)
      .sort((a, b) => rankOf(signalNumber, a.device) - rankOf(signalNumber, b.device) || b.time - a.time || a.device - b.device);
    return ranked[0] as One;
  }

  status(place: number): FleetStatus {
    const { scope, hidden, nowMs } = this.#rules;
    const { lookup, at } = this.#lookup(place);
    const { statusAt, status, reasons } = lookup.part;
    const vehicleNo = this.vehicleNos[place] as number;
    const since = statusAt[at] as number;
    const isHidden =
      since < 0 ||
      !isSeenAt(groupPermission(scope, vehicleNo, 'status'), since) ||
      since < hidden.keptFromMs(vehicleNo, 'status', nowMs);
    if (isHidden) return neverSeen;
    return {
      status: connectionStatuses[status[at] as number] ?? 'never_seen',
      since,
      reason: statusReasons[reasons[at] as number] ?? 'none',
    };
  }
}

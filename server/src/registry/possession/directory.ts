import type { Logger } from '../../kernel/index.ts';
import type { NumberRange } from '../rows.ts';
import type { Directory } from '../types.ts';
import { possessionLimits } from './limits.ts';
import type { BrokenGlass, PossessionDirectory, PossessionPeriod } from './types.ts';

export interface PossessionRow extends PossessionPeriod {
  readonly vehicleNo: number;
}
export interface BrokenGlassRow extends BrokenGlass {
  readonly vehicleNo: number;
}

export interface WritablePossessionDirectory extends PossessionDirectory {
  /** All that is known of the vehicles of a range: what is not given is no more. Both in order of vehicle and time. */
  putVehicles(range: NumberRange, periods: readonly PossessionRow[], glass: readonly BrokenGlassRow[]): void;
}

const none: readonly never[] = [];

const groupByVehicle = <T extends { readonly vehicleNo: number }>(rows: readonly T[]): Map<number, T[]> =>
  Map.groupBy(rows, ({ vehicleNo }) => vehicleNo);

const textOf = (rows: readonly unknown[]): string =>
  JSON.stringify(rows, (_key, value) => (value === -Infinity ? 'ever' : value));

/** `vehicles` says whose a vehicle is that never changed hands. */
export const makePossessionDirectory = (
  vehicles: Pick<Directory, 'vehicleByNo'>,
  logger: Logger,
): WritablePossessionDirectory => {
  const periodsOf = new Map<number, readonly PossessionPeriod[]>();
  const glassOf = new Map<number, readonly BrokenGlass[]>();
  const vehiclesOf = new Map<number, Set<number>>();
  /** By customer: the one period of each vehicle that has always been its. */
  const always = new Map<number, readonly PossessionPeriod[]>();
  const changes: number[] = [];
  const listeners = new Set<(vehicleNos: readonly number[]) => void>();
  let version = 0;

  const ofCustomer = (customerNo: number): readonly PossessionPeriod[] => {
    const known = always.get(customerNo);
    if (known) return known;
    const made: readonly PossessionPeriod[] = [
      { holder: { kind: 'customer', customerNo }, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY },
    ];
    always.set(customerNo, made);
    return made;
  };
  const periods = (vehicleNo: number): readonly PossessionPeriod[] => {
    const rows = periodsOf.get(vehicleNo);
    if (rows) return rows;
    const vehicle = vehicles.vehicleByNo(vehicleNo);
    return vehicle ? ofCustomer(vehicle.customerNo) : none;
  };
  const putPeriods = (vehicleNo: number, rows: readonly PossessionPeriod[]): boolean => {
    const before = periodsOf.get(vehicleNo) ?? none;
    if (textOf(before) === textOf(rows)) return false;
    for (const { holder } of before) if (holder.kind === 'person') vehiclesOf.get(holder.personNo)?.delete(vehicleNo);
    if (rows.length === 0) periodsOf.delete(vehicleNo);
    else periodsOf.set(vehicleNo, rows);
    for (const { holder } of rows) {
      if (holder.kind !== 'person') continue;
      const held = vehiclesOf.get(holder.personNo);
      if (held) held.add(vehicleNo);
      else vehiclesOf.set(holder.personNo, new Set([vehicleNo]));
    }
    return true;
  };
  const putGlass = (vehicleNo: number, rows: readonly BrokenGlass[]): boolean => {
    if (textOf(glassOf.get(vehicleNo) ?? none) === textOf(rows)) return false;
    if (rows.length === 0) glassOf.delete(vehicleNo);
    else glassOf.set(vehicleNo, rows);
    return true;
  };
  const tell = (vehicleNos: readonly number[]): void => {
    for (const vehicleNo of vehicleNos) {
      version++;
      changes.push(vehicleNo);
    }
    changes.splice(0, Math.max(0, changes.length - possessionLimits.changesKept));
    for (const listener of listeners) {
      try {
        listener(vehicleNos);
      } catch (error) {
        logger.error('a listener of possession failed', { error });
      }
    }
  };
  return {
    periods,
    hasRows: (vehicleNo) => periodsOf.has(vehicleNo),
    holderNow: (vehicleNo) => periods(vehicleNo).at(-1)?.holder,
    vehiclesOfPerson: (personNo) => vehiclesOf.get(personNo) ?? none,
    isAnyPersons: () => vehiclesOf.size > 0,
    brokenGlass: (vehicleNo) => glassOf.get(vehicleNo) ?? none,
    version: () => version,
    changedSince: (since) => {
      const missed = version - since;
      if (missed > changes.length) return undefined;
      return missed === 0 ? none : [...new Set(changes.slice(-missed))];
    },
    onChange: (callback) => {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    putVehicles: ({ from, to }, rows, glass) => {
      const held = groupByVehicle(rows);
      const broken = groupByVehicle(glass);
      // Few vehicles ever change hands: only those that did, or did before, are looked at.
      const touched = new Set([...held.keys(), ...broken.keys()]);
      for (const known of [periodsOf, glassOf]) for (const no of known.keys()) if (no >= from && no <= to) touched.add(no);
      const changed: number[] = [];
      for (const vehicleNo of touched) {
        const isHeldOtherwise = putPeriods(vehicleNo, held.get(vehicleNo) ?? none);
        if (putGlass(vehicleNo, broken.get(vehicleNo) ?? none) || isHeldOtherwise) changed.push(vehicleNo);
      }
      if (changed.length > 0) tell(changed);
    },
  };
};

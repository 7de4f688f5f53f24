import { type ConsentGroup, coreSignal, wellKnown } from '@milepost/contract';
import {
  groupPermission,
  isHiddenNow,
  isSeenAt,
  type ItemPermission,
  isWithin,
  middleOfCell,
  type Precision,
  type ReadScope,
  signalPermission,
  tellStored,
} from '../events/index.ts';
import type { LatestTable } from './latest-table.ts';
import type { LatestValue, Position, ToldValue } from './types.ts';

const degreesPerUnit = coreSignal('Vehicle.CurrentLocation.Latitude').perUnit;

/** The scope lets its reader see values of this sample time. */
export const isInPeriods = (scope: ReadScope, vehicleNo: number, timeMs: number): boolean =>
  isWithin(scope.periods(vehicleNo), timeMs);

/** Reads latest values the way a scope allows: what it does not allow is as if it were not there. */
export class ScopeView {
  readonly scope: ReadScope;
  readonly #latest: LatestTable;
  #hidesAnything = true;

  constructor(scope: ReadScope, latest: LatestTable) {
    this.scope = scope;
    this.#latest = latest;
    this.begin();
  }

  /** Before each turn in which it is used: asks once what else were asked for each value of each vehicle of a map. */
  begin(): void {
    this.#hidesAnything = this.scope.hidesAnything();
  }

  mayRead(vehicleNo: number, signalNumber: number, group: ConsentGroup): boolean {
    if (this.scope.items) return this.#permission(vehicleNo, signalNumber, group) !== undefined;
    if (!this.scope.allowsGroup(vehicleNo, group)) return false;
    const time = this.#latest.timeOf(vehicleNo, signalNumber);
    if (time < 0 || !isInPeriods(this.scope, vehicleNo, time)) return false;
    return !(this.#hidesAnything && isHiddenNow(this.scope.hiddenPeriods(vehicleNo, group), time));
  }

  /** Of the latest value of a signal; undefined: it is not told, or not of each report. */
  #permission(vehicleNo: number, signalNumber: number, group: ConsentGroup): ItemPermission | undefined {
    const time = this.#latest.timeOf(vehicleNo, signalNumber);
    if (time < 0) return undefined;
    const permission = signalPermission(this.scope, vehicleNo, signalNumber, group);
    if (!permission || !isWithin(permission.periods, time) || isHiddenNow(permission.hidden, time)) return undefined;
    // That there is a newer value than the last of a period would be told by what is missing: history tells what is told of periods.
    return permission.precision.time === 'report' ? permission : undefined;
  }

  /** Whether the status may be told that a vehicle has at a time of its connection; 0: it was never heard. */
  seesStatus(vehicleNo: number, timeMs: number): boolean {
    if (!this.scope.items) return this.scope.allowsGroup(vehicleNo, 'status') && isInPeriods(this.scope, vehicleNo, timeMs);
    const permission = groupPermission(this.scope, vehicleNo, 'status');
    return isSeenAt(permission, timeMs) && !isHiddenNow(permission?.hidden ?? [], timeMs);
  }

  /** Value of a numeric signal in its unit; null: none that the scope shows. */
  unitValue(vehicleNo: number, signalNumber: number): number | null {
    const stored = this.#latest.number(vehicleNo, signalNumber);
    const signal = this.#latest.definitionOf(signalNumber);
    if (stored !== stored || !signal) return null;
    if (!this.scope.items) return this.mayRead(vehicleNo, signalNumber, signal.group) ? stored / signal.perUnit : null;
    const precision = this.#permission(vehicleNo, signalNumber, signal.group)?.precision;
    // Whether it is above something is no value in the unit.
    if (!precision || precision.above !== null) return null;
    return tellStored(stored, signalNumber, precision) / signal.perUnit;
  }

  /** The latest value as the scope tells it; undefined: none. */
  told(vehicleNo: number, signalNumber: number): ToldValue | undefined {
    const group = this.#latest.definitionOf(signalNumber)?.group;
    const permission = group && this.#permission(vehicleNo, signalNumber, group);
    const value = permission && this.#latest.value(vehicleNo, signalNumber);
    if (!value) return undefined;
    const { precision } = permission;
    const stored = typeof value.stored === 'number' ? tellStored(value.stored, signalNumber, precision) : value.stored;
    return { signalNumber, stored, timeMs: value.time, precision };
  }

  /** The latest value as precisely as the scope shows it; undefined: not at all. Whether it is above a threshold is no value: `told` has it. */
  shown(vehicleNo: number, signalNumber: number): LatestValue | undefined {
    if (this.scope.items) return this.#toldValue(vehicleNo, signalNumber);
    const group = this.#latest.definitionOf(signalNumber)?.group;
    const value = group && this.mayRead(vehicleNo, signalNumber, group) ? this.#latest.value(vehicleNo, signalNumber) : undefined;
    if (!value || typeof value.stored !== 'number') return value;
    const place = this.scope.precision(vehicleNo, 'position');
    return place === 'exact' ? value : { ...value, stored: tellStored(value.stored, signalNumber, { place, above: null }) };
  }

  #toldValue(vehicleNo: number, signalNumber: number): LatestValue | undefined {
    const told = this.told(vehicleNo, signalNumber);
    const value = told && told.precision.above === null ? this.#latest.value(vehicleNo, signalNumber) : undefined;
    if (!told || !value) return undefined;
    return { ...value, stored: told.stored };
  }

  position(vehicleNo: number): Position | null {
    const latitude = this.#latest.number(vehicleNo, wellKnown.latitude);
    const longitude = this.#latest.number(vehicleNo, wellKnown.longitude);
    if (latitude !== latitude || longitude !== longitude) return null;
    if (this.scope.items) return this.#toldPosition(vehicleNo);
    if (!this.mayRead(vehicleNo, wellKnown.latitude, 'position')) return null;
    // Of two devices each may have reported one of them.
    if (this.#hidesAnything && !this.mayRead(vehicleNo, wellKnown.longitude, 'position')) return null;
    return {
      ...inCell(latitude, longitude, this.scope.precision(vehicleNo, 'position')),
      time: this.#latest.timeOf(vehicleNo, wellKnown.latitude),
    };
  }

  #toldPosition(vehicleNo: number): Position | null {
    const latitude = this.told(vehicleNo, wellKnown.latitude);
    const longitude = this.told(vehicleNo, wellKnown.longitude);
    if (typeof latitude?.stored !== 'number' || typeof longitude?.stored !== 'number') return null;
    return {
      latitude: latitude.stored / degreesPerUnit,
      longitude: longitude.stored / degreesPerUnit,
      time: latitude.timeMs,
    };
  }
}

const inCell = (latitude: number, longitude: number, precision: Precision): Omit<Position, 'time'> => ({
  latitude: middleOfCell(latitude / degreesPerUnit, precision, 90),
  longitude: middleOfCell(longitude / degreesPerUnit, precision, 180),
});

import { type ConsentGroup, coreSignal, wellKnown } from '@milepost/contract';
import { blurDegrees, isHiddenNow, type Precision, type ReadPeriod, type ReadScope, roundDegrees } from '../events/index.ts';
import type { LatestTable } from './latest-table.ts';
import type { LatestValue, Position } from './types.ts';

const degreesPerUnit = coreSignal('Vehicle.CurrentLocation.Latitude').perUnit;

/** The scope lets its reader see values of this sample time. */
export const isInPeriods = (scope: ReadScope, vehicleNo: number, timeMs: number): boolean => {
  const periods = scope.periods(vehicleNo);
  for (let i = 0; i < periods.length; i++) {
    const period = periods[i] as ReadPeriod;
    if (timeMs >= period.fromMs && (period.toMs === null || timeMs < period.toMs)) return true;
  }
  return false;
};

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
    if (!this.scope.allowsGroup(vehicleNo, group)) return false;
    const time = this.#latest.timeOf(vehicleNo, signalNumber);
    if (time < 0 || !isInPeriods(this.scope, vehicleNo, time)) return false;
    return !(this.#hidesAnything && this.#isHidden(vehicleNo, group, time));
  }

  /** Whether there is contact is of the present, and of a period that the scope shows; 0: there was none, which every reader may know. */
  seesContact(vehicleNo: number, lastSeenMs: number): boolean {
    return this.scope.seesNow(vehicleNo) && (lastSeenMs <= 0 || isInPeriods(this.scope, vehicleNo, lastSeenMs));
  }

  #isHidden(vehicleNo: number, group: ConsentGroup, time: number): boolean {
    return isHiddenNow(this.scope.hiddenPeriods(vehicleNo, group), time);
  }

  /** Value of a numeric signal in its unit; null: none that the scope shows. */
  unitValue(vehicleNo: number, signalNumber: number): number | null {
    const stored = this.#latest.number(vehicleNo, signalNumber);
    const signal = this.#latest.definitionOf(signalNumber);
    if (stored !== stored || !signal || !this.mayRead(vehicleNo, signalNumber, signal.group)) return null;
    return stored / signal.perUnit;
  }

  /** A value as precisely as the scope shows it: latitude and longitude are rounded. */
  blurred(value: LatestValue, precision: Precision): LatestValue {
    const isDegrees = value.signalNumber === wellKnown.latitude || value.signalNumber === wellKnown.longitude;
    if (precision === 'exact' || !isDegrees || typeof value.stored !== 'number') return value;
    return { ...value, stored: blurDegrees(value.stored, precision) };
  }

  position(vehicleNo: number): Position | null {
    const latitude = this.#latest.number(vehicleNo, wellKnown.latitude);
    const longitude = this.#latest.number(vehicleNo, wellKnown.longitude);
    if (latitude !== latitude || longitude !== longitude || !this.mayRead(vehicleNo, wellKnown.latitude, 'position')) return null;
    // Of two devices each may have reported one of them.
    if (this.#hidesAnything && !this.mayRead(vehicleNo, wellKnown.longitude, 'position')) return null;
    const precision = this.scope.precision(vehicleNo, 'position');
    return {
      latitude: roundDegrees(latitude / degreesPerUnit, precision),
      longitude: roundDegrees(longitude / degreesPerUnit, precision),
      time: this.#latest.timeOf(vehicleNo, wellKnown.latitude),
    };
  }
}

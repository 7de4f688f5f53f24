import { CallerError } from '../kernel/index.ts';
import {
  type CheckedDevice,
  checkers,
  checkCustomer,
  checkFrom,
  checkImei,
  checkKind,
  checkVin,
  type VehicleFields,
} from './check-input.ts';
import type { EnrolLine, LineProblem } from './types.ts';

/** A line whose values are fine by themselves. What it does not give is undefined. */
export interface CheckedLine {
  readonly line: number;
  readonly vin: string;
  readonly customer: string;
  readonly fields: VehicleFields;
  readonly device: CheckedDevice;
  /** Names of what the line gives, for finding out what differs from what is stored. */
  readonly given: ReadonlySet<string>;
}

export type LineCheck =
  | { readonly isFine: true; readonly checked: CheckedLine }
  | { readonly isFine: false; readonly imei: string | null; readonly problems: readonly LineProblem[] };

/** Runs a check; what it refuses is noted, so that a line hears of all that is wrong at once. */
export const attempt = <T>(problems: LineProblem[], check: () => T): T | undefined => {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof CallerError) || error.code !== 'invalid_field') throw error;
    const { field = 'line', value, expected = error.message } = error.details;
    problems.push({ field, value, expected });
    return undefined;
  }
};

const namesOf = (fields: object): string[] =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name === 'fromMs' ? 'from' : name]));

export const checkLine = ({ line, vehicle, device, problems: before }: EnrolLine): LineCheck => {
  const problems = [...before];
  const run = <T>(check: () => T): T => attempt(problems, check) as T;
  const imei = run(() => checkImei(device.imei)) as string | undefined;
  const checked = {
    line,
    vin: run(() => checkVin(vehicle.vin)),
    customer: run(() => checkCustomer(vehicle.customer)),
    fields: {
      plate: run(() => checkers.plate(vehicle.plate)),
      model: run(() => checkers.model(vehicle.model)),
      grossWeightKg: run(() => checkers.grossWeightKg(vehicle.grossWeightKg)),
      batteryKwh: run(() => checkers.batteryKwh(vehicle.batteryKwh)),
      tirePlacardKpa: run(() => checkers.tirePlacardKpa(vehicle.tirePlacardKpa)),
      groups: run(() => checkers.groups(vehicle.groups)),
      note: run(() => checkers.note(vehicle.note)),
    },
    device: {
      imei: imei ?? '',
      kind: run(() => checkKind(device.kind)),
      fromMs: run(() => checkFrom(device.fromMs)),
    },
    given: new Set([...namesOf(vehicle), ...namesOf(device)]),
  };
  return problems.length === 0 ? { isFine: true, checked } : { isFine: false, imei: imei ?? null, problems };
};

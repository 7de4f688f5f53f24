import type { CheckedLine } from './check-line.ts';
import type { VehicleFields } from './check-input.ts';
import { idPrefixes, isId } from './ids.ts';
import type { Customer, Device, LineProblem, Vehicle } from './types.ts';

/** A vehicle that is there, or that a line before makes. */
export interface KnownVehicle {
  readonly id: string;
  /** Undefined: it is not stored yet. */
  readonly vehicleNo: number | undefined;
  readonly vin: string;
  /** Id or, of one that is not stored yet, name of its customer. */
  readonly customerKey: string;
  readonly fields: VehicleFields;
}

/** What is there; lines that make something add to it. */
export interface Known {
  readonly customersByName: Map<string, Customer>;
  readonly customersById: Map<string, Customer>;
  readonly vehiclesByVin: Map<string, KnownVehicle>;
  vehicleIdOf(vehicleNo: number): string | undefined;
  readonly devicesByImei: ReadonlyMap<string, Device>;
}

export interface WrongLine {
  readonly kind: 'wrong';
  readonly line: number;
  readonly imei: string | null;
  readonly problems: readonly LineProblem[];
}

export interface FoundLine {
  readonly kind: 'found';
  readonly line: CheckedLine;
  readonly vehicle: KnownVehicle;
  readonly device: Device;
  readonly differs: readonly string[];
}

export interface MadeLine {
  readonly kind: 'made';
  readonly line: CheckedLine;
  readonly vehicle: KnownVehicle;
  /** The vehicle is new, too. */
  readonly makesVehicle: boolean;
  readonly deviceId: string;
  readonly differs: readonly string[];
}

export type PlannedLine = WrongLine | FoundLine | MadeLine;

const openEnd = Number.POSITIVE_INFINITY;
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const vehicleDiffers = ({ fields, given }: CheckedLine, stored: VehicleFields): string[] =>
  Object.entries(fields).flatMap(([name, value]) =>
    given.has(name) && !isSame(value, stored[name as keyof VehicleFields]) ? [name] : [],
  );

const deviceDiffers = ({ device, given }: CheckedLine, stored: Device, vehicleNo: number): string[] => {
  const assignment = stored.assignments.find((one) => one.vehicleNo === vehicleNo && one.toMs === openEnd);
  return [
    ...(given.has('kind') && device.kind !== stored.kind ? ['kind'] : []),
    ...(given.has('from') && device.fromMs !== assignment?.fromMs ? ['from'] : []),
  ];
};

const elsewhere = (line: CheckedLine, device: Device, known: Known): LineProblem => {
  const current = device.assignments.find(({ toMs }) => toMs === openEnd);
  const vehicleId = current === undefined ? undefined : known.vehicleIdOf(current.vehicleNo);
  const where = current === undefined ? 'on no vehicle' : `on the vehicle ${vehicleId ?? 'of another VIN'}`;
  const expected = `an IMEI that is new or on this VIN: device ${device.id} is ${where}; POST /v1/devices/${device.id}/assignments moves it`;
  return { field: 'imei', value: line.device.imei, expected };
};

/** The customer that a line names; undefined when it is an id that nothing has. */
const customerKeyOf = ({ customer }: CheckedLine, known: Known): string | undefined => {
  const found = known.customersById.get(customer) ?? known.customersByName.get(customer);
  if (found) return found.id;
  return isId(idPrefixes.customer, customer) ? undefined : customer;
};

const customerProblem = (line: CheckedLine, expected: string): LineProblem => ({
  field: 'customer',
  value: line.customer,
  expected,
});

/** Decides what becomes of a line; what it makes is known to those after it. Stores nothing. */
export const planLine = (line: CheckedLine, known: Known, makeId: (prefix: string) => string): PlannedLine => {
  const wrong = (problem: LineProblem): WrongLine => ({
    kind: 'wrong',
    line: line.line,
    imei: line.device.imei,
    problems: [problem],
  });
  const vehicle = known.vehiclesByVin.get(line.vin);
  const device = known.devicesByImei.get(line.device.imei);
  const customerKey = customerKeyOf(line, known);
  if (customerKey === undefined) return wrong(customerProblem(line, 'the id of a customer that exists, or a name'));
  if (vehicle && vehicle.customerKey !== customerKey) {
    const owner = known.customersById.get(vehicle.customerKey)?.name ?? vehicle.customerKey;
    return wrong(customerProblem(line, `${owner}, to whom the vehicle with this VIN belongs`));
  }
  const differs = vehicle ? vehicleDiffers(line, vehicle.fields) : [];
  if (device) {
    const { vehicleNo } = vehicle ?? {};
    const isOn = vehicleNo !== undefined && device.assignments.some((one) => one.vehicleNo === vehicleNo && one.toMs === openEnd);
    if (!vehicle || !isOn) return wrong(elsewhere(line, device, known));
    return { kind: 'found', line, vehicle, device, differs: [...differs, ...deviceDiffers(line, device, vehicleNo)] };
  }
  const target = vehicle ?? {
    id: makeId(idPrefixes.vehicle),
    vehicleNo: undefined,
    vin: line.vin,
    customerKey,
    fields: line.fields,
  };
  known.vehiclesByVin.set(line.vin, target);
  return { kind: 'made', line, vehicle: target, makesVehicle: !vehicle, deviceId: makeId(idPrefixes.device), differs };
};

/** What is there of a stored vehicle. */
export const knownVehicle = (vehicle: Vehicle, customerId: string): KnownVehicle => ({
  id: vehicle.id,
  vehicleNo: vehicle.vehicleNo,
  vin: vehicle.vin,
  customerKey: customerId,
  fields: {
    plate: vehicle.plate,
    model: vehicle.model,
    grossWeightKg: vehicle.grossWeightKg,
    batteryKwh: vehicle.batteryKwh,
    tirePlacardKpa: vehicle.tirePlacardKpa,
    groups: vehicle.groups,
    note: vehicle.note,
  },
});

import { type DeviceKind, deviceKinds } from '@milepost/contract';
import { invalidField } from '../kernel/index.ts';
import { imeiExpectation, normaliseImei } from './imei.ts';
import type { NewDevice, NewVehicle, TirePlacardKpa, VehicleChanges } from './types.ts';
import { normaliseVin, vinExpectation } from './vin.ts';

export const textLengthMax = 200;
const plateLengthMax = 32;
const noteLengthMax = 1000;
export const groupsMax = 50;
const grossWeightKgMax = 200_000;
const batteryKwhMax = 2000;
const placardKpaMax = 1500;
/** 2100-01-01: beyond it a time is a mistake of units. */
const timeMsMax = 4_102_444_800_000;
export const timeoutSecondsMax = 604_800;

/** Trimmed; throws `invalid_field` when empty, too long, or with control characters. */
export const checkText = (field: string, value: unknown, lengthMax: number = textLengthMax): string => {
  const text = typeof value === 'string' ? value.trim() : '';
  const isFine = text !== '' && text.length <= lengthMax && text.isWellFormed() && !/\p{Cc}/u.test(text);
  if (!isFine) throw invalidField(field, value, `text of 1 to ${lengthMax} characters`);
  return text;
};

/** An empty text clears, as null does. */
const checkOptionalText = (field: string, value: unknown, lengthMax?: number): string | null =>
  value === undefined || value === null || value === '' ? null : checkText(field, value, lengthMax);

const checkWhole = (field: string, value: unknown, min: number, max: number): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidField(field, value, `a whole number of ${min} to ${max}`);
};

const checkPlacard = (value: unknown): TirePlacardKpa | null => {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.length !== 4)
    throw invalidField('tirePlacardKpa', value, 'four pressures: front left, front right, rear left, rear right');
  const [a, b, c, d] = value.map((item) => checkWhole('tirePlacardKpa', item, 1, placardKpaMax)) as [
    number,
    number,
    number,
    number,
  ];
  return [a, b, c, d];
};

const checkGroups = (value: unknown): readonly string[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > groupsMax)
    throw invalidField('groups', value, `a list of at most ${groupsMax} names`);
  return [...new Set(value.map((item) => checkText('groups', item)))];
};

export const checkVin = (value: unknown): string => {
  const vin = typeof value === 'string' ? normaliseVin(value) : undefined;
  if (vin === undefined) throw invalidField('vin', value, vinExpectation);
  return vin;
};

export const checkImei = (value: unknown): string => {
  const imei = typeof value === 'string' ? normaliseImei(value) : undefined;
  if (imei === undefined) throw invalidField('imei', value, imeiExpectation);
  return imei;
};

export const checkTime = (field: string, value: unknown): number => checkWhole(field, value, 0, timeMsMax);

export const checkTimeout = (field: string, value: unknown): number | null =>
  value === null ? null : checkWhole(field, value, 1, timeoutSecondsMax);

export const checkKind = (value: unknown): DeviceKind => {
  if (value === undefined) return 'vehicle';
  const kind = deviceKinds.find((known) => known === value);
  if (!kind) throw invalidField('kind', value, `one of ${deviceKinds.join(', ')}`);
  return kind;
};

/** What of a vehicle can be changed, checked and with nothing left out. */
export interface VehicleFields {
  readonly plate: string | null;
  readonly model: string | null;
  readonly grossWeightKg: number | null;
  readonly batteryKwh: number | null;
  readonly tirePlacardKpa: TirePlacardKpa | null;
  readonly groups: readonly string[];
  readonly note: string | null;
}

const checkWeight = (value: unknown): number | null =>
  value === undefined || value === null ? null : checkWhole('grossWeightKg', value, 1, grossWeightKgMax);

const checkBattery = (value: unknown): number | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && value > 0 && value <= batteryKwhMax) return value;
  throw invalidField('batteryKwh', value, `a number of kWh above 0, at most ${batteryKwhMax}`);
};

export const checkers: { readonly [K in keyof VehicleFields]: (value: unknown) => VehicleFields[K] } = {
  plate: (value) => checkOptionalText('plate', value, plateLengthMax),
  model: (value) => checkOptionalText('model', value),
  grossWeightKg: checkWeight,
  batteryKwh: checkBattery,
  tirePlacardKpa: checkPlacard,
  groups: checkGroups,
  note: (value) => checkOptionalText('note', value, noteLengthMax),
};

export const checkCustomer = (value: unknown): string => checkText('customer', value);

export const checkNewVehicle = (vehicle: NewVehicle): VehicleFields & { readonly vin: string; readonly customer: string } => ({
  vin: checkVin(vehicle.vin),
  customer: checkCustomer(vehicle.customer),
  plate: checkers.plate(vehicle.plate),
  model: checkers.model(vehicle.model),
  grossWeightKg: checkers.grossWeightKg(vehicle.grossWeightKg),
  batteryKwh: checkers.batteryKwh(vehicle.batteryKwh),
  tirePlacardKpa: checkers.tirePlacardKpa(vehicle.tirePlacardKpa),
  groups: checkers.groups(vehicle.groups),
  note: checkers.note(vehicle.note),
});

/** Only what is given; null clears. */
export const checkVehicleChanges = (changes: VehicleChanges): Partial<VehicleFields> & { readonly customer?: string } => {
  const given = Object.entries(checkers).filter(([name]) => changes[name as keyof VehicleFields] !== undefined);
  const fields = Object.fromEntries(
    given.map(([name, check]) => [name, check(changes[name as keyof VehicleFields])]),
  ) as Partial<VehicleFields>;
  return changes.customer === undefined ? fields : { ...fields, customer: checkText('customer', changes.customer) };
};

export interface CheckedDevice {
  readonly imei: string;
  readonly kind: DeviceKind;
  /** −Infinity: reaches back without limit. */
  readonly fromMs: number;
}

/** Undefined: it reaches back without limit. */
export const checkFrom = (value: unknown): number => (value === undefined ? Number.NEGATIVE_INFINITY : checkTime('from', value));

export const checkNewDevice = (device: Omit<NewDevice, 'vehicleId'>): CheckedDevice => ({
  imei: checkImei(device.imei),
  kind: checkKind(device.kind),
  fromMs: checkFrom(device.fromMs),
});

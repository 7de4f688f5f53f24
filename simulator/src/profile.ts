import type { NewVehicleBody } from '@milepost/contract/api';
import { makeImei, makeVin } from './identifiers.ts';
import { between, chance } from './random.ts';

/** A simulated vehicle: what the registry holds of it and what its modelled values start from. */
export interface Profile {
  readonly kind: 'twizy' | 'bus';
  readonly index: number;
  readonly seed: number;
  /** IMEI of its device; a revoked one is never used again, so the next device has the next generation, 0 … 99. */
  readonly imeiOf: (generation: number) => string;
  readonly vehicle: NewVehicleBody & { readonly tirePlacardKpa: readonly number[] };
  readonly curbKg: number;
  readonly loadKgMin: number;
  readonly loadKgMax: number;
  readonly rangeAtFullChargeM: number;
  readonly healthPercent: number;
  readonly mileageM: number;
  readonly faultCodes: readonly string[];
  /** Wheel with a slow leak, in the order of the contract. */
  readonly leakingWheel: number | undefined;
}

const twizyNote =
  'Recorded (Rabat, Morocco, 2021, CC BY 4.0, Nait Malek et al.): position, altitude, speed, gear, battery level, outside temperature and humidity ' +
  'while driving, shifted to now. Modelled: charging between trips (far quicker than real), heading between fixes, tires, weight, range, battery health, mileage, fault codes. ' +
  'VIN, plate and IMEI are invented.';
const busNote =
  'Recorded (Capital Metro, Austin, 2015, CapMetrics): position and speed at each fix, shifted to now; eight daytime hours of three days follow each other. ' +
  'Modelled: heading, battery (the real buses burnt fuel), tires, weight, range, mileage, outside temperature, fault codes, heartbeats. VIN, plate and IMEI are invented.';

const twizyFaults: Readonly<Record<number, readonly string[]>> = { 4: ['C0035'], 9: ['P0562', 'U0100'] };
const busFaults: Readonly<Record<number, readonly string[]>> = { 6: ['P0A80'], 23: ['C0040'], 41: ['B1000', 'U0121'] };

const padded = (index: number, digits: number): string => String(index + 1).padStart(digits, '0');

export const makeTwizy = (seed: number, index: number): Profile => ({
  kind: 'twizy',
  index,
  seed,
  imeiOf: (generation) => makeImei(`00101701${String(generation).padStart(2, '0')}${padded(index, 4)}`),
  vehicle: {
    vin: makeVin('VF1ACVYB', `21${padded(index, 6)}`),
    plate: `${20_000 + index * 37} A 1`,
    customer: 'Rabat EV Demo',
    model: 'Renault Twizy',
    grossWeightKg: 690,
    batteryKwh: 6.1,
    tirePlacardKpa: [200, 200, 220, 220],
    groups: ['Rabat', index % 2 === 0 ? 'Campus' : 'City'],
    note: twizyNote,
  },
  curbKg: 474,
  loadKgMin: 60,
  loadKgMax: 185,
  rangeAtFullChargeM: Math.round(between(78_000, 92_000, seed, 'twizy-range', index)),
  healthPercent: Math.round(between(84, 98, seed, 'twizy-health', index)),
  mileageM: Math.round(between(2_000_000, 31_000_000, seed, 'twizy-mileage', index)),
  faultCodes: twizyFaults[index] ?? [],
  leakingWheel: index === 2 ? 3 : undefined,
});

export const makeBus = (seed: number, index: number): Profile => ({
  kind: 'bus',
  index,
  seed,
  imeiOf: (generation) => makeImei(`00101702${String(generation).padStart(2, '0')}${padded(index, 4)}`),
  vehicle: {
    vin: makeVin('15GGD271', `F1${padded(index, 6)}`),
    plate: `ATX ${1000 + index * 7}`,
    customer: 'Austin Transit Demo',
    model: 'City bus 12 m',
    grossWeightKg: 18_600,
    tirePlacardKpa: [830, 830, 760, 760],
    groups: ['Austin', chance(seed, 'depot', index) < 0.5 ? 'Depot North' : 'Depot South'],
    note: busNote,
  },
  curbKg: 13_100,
  loadKgMin: 150,
  loadKgMax: 4300,
  rangeAtFullChargeM: Math.round(between(230_000, 290_000, seed, 'bus-range', index)),
  healthPercent: Math.round(between(82, 99, seed, 'bus-health', index)),
  mileageM: Math.round(between(60_000_000, 640_000_000, seed, 'bus-mileage', index)),
  faultCodes: busFaults[index] ?? [],
  leakingWheel: undefined,
});

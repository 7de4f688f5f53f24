import type { NewVehicleBody } from '@milepost/contract/api';
import { makeImei, makeVin } from './identifiers.ts';
import type { HabitName } from './habits.ts';
import { between, chance } from './random.ts';

/** A simulated vehicle: what the registry holds of it and what its modelled values start from. */
export interface Profile {
  readonly kind: 'twizy' | 'bus' | 'van' | 'car';
  readonly index: number;
  readonly seed: number;
  /** IMEI of its device; a revoked one is never used again, so the next device has the next generation, 0 … 99. */
  readonly imeiOf: (generation: number) => string;
  readonly vehicle: NewVehicleBody & { readonly tirePlacardKpa: readonly number[] };
  readonly curbKg: number;
  /** People who are on board whenever it drives. */
  readonly crewKg: number;
  /** Of what comes and goes: least and most. */
  readonly payloadKg: readonly [number, number];
  readonly rangeAtFullChargeM: number;
  readonly healthPercent: number;
  readonly mileageM: number;
  readonly faultCodes: readonly string[];
  /** Further ones from an hour of the week (Monday, midnight UTC) to another. */
  readonly faultDays?: { readonly codes: readonly string[]; readonly fromHour: number; readonly toHour: number };
  /** Wheel with a slow leak, in the order of the contract. */
  readonly leakingWheel: number | undefined;
}

/** A vehicle that lives by weeks: what it does on which day, and how it charges. */
export interface WeeklyProfile extends Profile {
  readonly habit: HabitName;
  /** By how much it lives later than the others: who works at night. */
  readonly shiftMs: number;
  readonly batteryKwh: number;
  readonly chargeKw: number;
  /** Undefined: as the recorded level fell. */
  readonly kwhPerKm: number | undefined;
  readonly tellsKwh: boolean;
  readonly hasAccelerometer: boolean;
  /** How often it is driven harshly; 1 is usual. */
  readonly roughness: number;
  /** Part of each of its ways of which nothing is known, m: its tracker has no power there. */
  readonly deadMetres?: readonly [from: number, to: number];
}

const twizyNote =
  'Recorded (Rabat, Morocco, 2021, CC BY 4.0, Nait Malek et al.): position, altitude, speed, gear, battery level, outside temperature and humidity ' +
  'while driving. Modelled: on which days and when it drives, charging, ignition, position within 600 m of where it parks, outside temperature while parked, heading between fixes, ' +
  'tires, weight, range, battery health, mileage, fault codes. VIN, plate and IMEI are invented.';
const busNote =
  'Recorded (Capital Metro, Austin, 2015, CapMetrics): position and speed at each fix, shifted to now; eight daytime hours of three days follow each other. ' +
  'Modelled: heading, battery (the real buses burnt fuel), tires, weight, range, mileage, outside temperature, fault codes, heartbeats. VIN, plate and IMEI are invented.';

const modelledNote =
  'Modelled on recorded ways of Renault Twizys (Rabat, Morocco, 2021, CC BY 4.0, Nait Malek et al.): position, altitude, speed and gear while driving are theirs. Everything else, energy and ' +
  'accelerations included, is modelled. VIN, plate and IMEI are invented.';

const hourMs = 3_600_000;
const twizyFaults: Readonly<Record<number, readonly string[]>> = { 4: ['C0035'], 9: ['P0562', 'U0100'] };
const busFaults: Readonly<Record<number, readonly string[]>> = { 6: ['P0A80'], 23: ['C0040'], 41: ['B1000', 'U0121'] };

const padded = (index: number, digits: number): string => String(index + 1).padStart(digits, '0');

const twizyHabits: readonly HabitName[] = ['campus', 'commuter', 'city', 'weekendDriver', 'campus', 'commuter'];
/** Of each twelve two work in the evening and two at night. */
const twizyShiftHours: Readonly<Record<number, number>> = { 4: 8, 6: 14, 8: 11, 10: 17 };

export const makeTwizy = (seed: number, index: number): WeeklyProfile => ({
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
  crewKg: 60,
  payloadKg: [0, 125],
  rangeAtFullChargeM: Math.round(between(78_000, 92_000, seed, 'twizy-range', index)),
  healthPercent: Math.round(between(84, 98, seed, 'twizy-health', index)),
  mileageM: Math.round(between(2_000_000, 31_000_000, seed, 'twizy-mileage', index)),
  faultCodes: twizyFaults[index] ?? [],
  leakingWheel: index === 2 ? 3 : undefined,
  habit: twizyHabits[index % twizyHabits.length] ?? 'campus',
  shiftMs: (twizyShiftHours[index % 12] ?? 0) * hourMs,
  batteryKwh: 6.1,
  chargeKw: 2.2,
  kwhPerKm: undefined,
  tellsKwh: false,
  hasAccelerometer: false,
  roughness: 0,
});

interface Class {
  readonly kind: 'van' | 'car';
  readonly model: string;
  readonly grossWeightKg: number;
  readonly curbKg: number;
  readonly payloadKg: readonly [number, number];
  readonly batteryKwh: number;
  readonly chargeKw: number;
  readonly rangeM: number;
  readonly tirePlacardKpa: [number, number, number, number];
}

const van: Class = {
  kind: 'van',
  model: 'Electric van 3.5 t',
  grossWeightKg: 3500,
  curbKg: 2350,
  payloadKg: [350, 940],
  batteryKwh: 52,
  chargeKw: 11,
  rangeM: 225_000,
  tirePlacardKpa: [340, 340, 450, 450],
};
const car: Class = {
  kind: 'car',
  model: 'Electric car, compact',
  grossWeightKg: 2000,
  curbKg: 1520,
  payloadKg: [0, 180],
  batteryKwh: 50,
  chargeKw: 7.4,
  rangeM: 330_000,
  tirePlacardKpa: [240, 240, 230, 230],
};
/** Four vans and two cars, again and again; one van works at night, one drives long days, one is driven roughly. */
const modelled: readonly (Pick<WeeklyProfile, 'habit' | 'roughness' | 'faultDays' | 'deadMetres'> & {
  of: Class;
  shiftHours: number;
})[] = [
  { of: van, habit: 'parcels', roughness: 1, shiftHours: 0 },
  { of: van, habit: 'parcels', roughness: 1, shiftHours: 14, faultDays: { codes: ['P0562'], fromHour: 34, toHour: 82 } },
  { of: van, habit: 'longParcels', roughness: 4, shiftHours: 0 },
  { of: van, habit: 'parcels', roughness: 1, shiftHours: 0 },
  { of: car, habit: 'fieldService', roughness: 1, shiftHours: 0 },
  { of: car, habit: 'weekendDriver', roughness: 2, shiftHours: 0, deadMetres: [5000, 10_000] },
];

/** A van or a car that drives recorded ways. */
export const makeModelled = (seed: number, index: number): WeeklyProfile => {
  const { of, shiftHours, ...ways } = modelled[index % modelled.length] as (typeof modelled)[number];
  const range = between(0.97, 1.03, seed, 'range', index);
  const healthPercent = Math.round(between(90, 99, seed, 'health', index));
  const rangeAtFullChargeM = Math.round(of.rangeM * range);
  return {
    kind: of.kind,
    index,
    seed,
    imeiOf: (generation) => makeImei(`00101703${String(generation).padStart(2, '0')}${padded(index, 4)}`),
    vehicle: {
      vin: makeVin('WV1ZZZSY', `26${padded(index, 6)}`),
      plate: `${31_000 + index * 113} B 1`,
      customer: 'Atlas Parcels Demo',
      model: of.model,
      grossWeightKg: of.grossWeightKg,
      batteryKwh: of.batteryKwh,
      tirePlacardKpa: of.tirePlacardKpa,
      groups: ['Rabat', of.kind === 'van' ? 'Parcels' : 'Field service'],
      note: modelledNote,
    },
    curbKg: of.curbKg,
    crewKg: 80,
    payloadKg: of.payloadKg,
    rangeAtFullChargeM,
    healthPercent,
    mileageM: Math.round(between(9_000_000, 88_000_000, seed, 'mileage', index)),
    faultCodes: [],
    leakingWheel: undefined,
    ...ways,
    shiftMs: shiftHours * hourMs,
    batteryKwh: of.batteryKwh,
    chargeKw: of.chargeKw,
    kwhPerKm: of.batteryKwh / ((rangeAtFullChargeM / 1000) * (healthPercent / 100)),
    tellsKwh: true,
    hasAccelerometer: true,
  };
};

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
  crewKg: 0,
  payloadKg: [150, 4300],
  rangeAtFullChargeM: Math.round(between(230_000, 290_000, seed, 'bus-range', index)),
  healthPercent: Math.round(between(82, 99, seed, 'bus-health', index)),
  mileageM: Math.round(between(60_000_000, 640_000_000, seed, 'bus-mileage', index)),
  faultCodes: busFaults[index] ?? [],
  leakingWheel: undefined,
});

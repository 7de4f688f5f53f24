import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VehicleItem } from '@milepost/contract/api';
import { byName, makeFleetVehicle } from './fleet-vehicle.ts';
import { type FleetFilter, noFilter } from './match-vehicle.ts';
import { surveyFleet } from './survey-fleet.ts';

const item = (changes: Partial<VehicleItem>): VehicleItem => ({
  id: `veh_${changes.plate}`,
  vin: 'VF1AMLEPST0000003',
  plate: 'VAN 1',
  customer: 'Société Atlas',
  customerId: 'cus_1',
  model: 'Renault Twizy',
  groups: ['pool'],
  note: null,
  driver: null,
  isPrivate: false,
  status: 'online',
  statusSince: null,
  statusReason: 'none',
  lastSeen: null,
  position: null,
  warnings: [],
  energyPercent: null,
  rangeKm: null,
  speedKmh: null,
  ...changes,
});
const lowTire = {
  code: 'tire_pressure_low',
  severity: 'warning',
  detail: {},
  text: 'Tire pressure is low',
  signals: [],
} as const satisfies VehicleItem['warnings'][number];
const at = (latitude: number, longitude: number) => ({ latitude, longitude, time: '2026-11-22T08:00:00Z' });
const fleet = [
  item({ plate: 'VAN 10', position: at(34, -6) }),
  item({ plate: 'VAN 9', energyPercent: 20, position: at(35, -6) }),
  item({ plate: 'VAN 3', status: 'offline', statusReason: 'silent', energyPercent: 60 }),
  item({ plate: 'VAN 4', status: 'offline', statusReason: 'goodbye', groups: ['couriers'] }),
  item({ plate: 'VAN 5', warnings: [{ ...lowTire, signals: [] }], customer: 'Demo', position: at(34.5, 179.9) }),
  item({ plate: 'VAN 6', status: 'late' }),
]
  .map(makeFleetVehicle)
  .sort(byName);

const survey = (changes: Partial<FleetFilter>, box?: Parameters<typeof surveyFleet>[2]) =>
  surveyFleet(fleet, { ...noFilter, ...changes }, box);
const plates = (vehicles: readonly { item: VehicleItem }[]): string[] => vehicles.map((vehicle) => vehicle.item.plate ?? '');
const names = (changes: Partial<FleetFilter>): string[] => plates(survey(changes).shown);

test('who needs somebody comes first, then by name as people count', () => {
  assert.deepEqual(names({}), ['VAN 5', 'VAN 3', 'VAN 4', 'VAN 6', 'VAN 9', 'VAN 10']);
});

test('every word of a search must be somewhere, whatever its case and accents', () => {
  assert.deepEqual(names({ q: 'societe 10' }), ['VAN 10']);
  assert.deepEqual(names({ q: ' ATLAS  twizy van 9' }), ['VAN 9']);
  assert.deepEqual(names({ q: 'nobody' }), []);
});

test('filters add up', () => {
  assert.deepEqual(names({ status: 'attention' }), ['VAN 5', 'VAN 3']);
  assert.deepEqual(names({ status: 'offline', group: 'couriers' }), ['VAN 4']);
  assert.deepEqual(names({ customer: 'Demo' }), ['VAN 5']);
  assert.deepEqual(names({ warning: 'true' }), ['VAN 5']);
  assert.deepEqual(names({ warning: 'false', status: 'late' }), ['VAN 6']);
  assert.deepEqual(names({ warning: 'engine_lamp' }), []);
});

test('low energy is what is known to be low', () => {
  assert.deepEqual(names({ energyBelow: '50' }), ['VAN 9']);
  assert.deepEqual(names({ energyBelow: '20' }), []);
  assert.equal(names({ energyBelow: 'few' }).length, 6);
});

test('counts are of what fits all but the status', () => {
  const { counts, total, shown } = survey({ status: 'online', group: 'pool' });
  assert.deepEqual(counts, { online: 3, late: 1, offline: 1, never_seen: 0, attention: 2 });
  assert.deepEqual([total, shown.length], [6, 3]);
});

test('a box takes what is in it; the rest is told apart, and the date line may be inside', () => {
  const { shown, outside, counts } = survey({}, [-7, 33.5, -5, 34.5]);
  assert.deepEqual(plates(shown), ['VAN 10']);
  assert.deepEqual(plates(outside), ['VAN 3', 'VAN 4', 'VAN 5', 'VAN 6', 'VAN 9']);
  assert.deepEqual(counts, { online: 1, late: 0, offline: 0, never_seen: 0, attention: 0 });
  assert.deepEqual(plates(survey({}, [179, 34, -179, 35]).shown), ['VAN 5']);
});

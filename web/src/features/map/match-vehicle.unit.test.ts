import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VehicleItem } from '@milepost/contract/api';
import { byUrgency, makeFleetVehicle } from './fleet-vehicle.ts';
import { type FleetFilter, makeMatcher } from './match-vehicle.ts';

const item = (changes: Partial<VehicleItem>): VehicleItem => ({
  id: `veh_${changes.plate}`,
  vin: 'VF1AMLEPST0000003',
  plate: 'VAN 1',
  customer: 'Société Atlas',
  customerId: 'cus_1',
  model: 'Renault Twizy',
  groups: ['pool'],
  note: null,
  status: 'online',
  statusSince: null,
  statusReason: 'none',
  lastSeen: null,
  position: null,
  warnings: [],
  energyPercent: null,
  speedKmh: null,
  ...changes,
});
const lowTire = {
  code: 'tire_pressure_low',
  severity: 'warning',
  text: 'Tire pressure is low',
  signals: [],
} as const satisfies VehicleItem['warnings'][number];
const fleet = [
  item({ plate: 'VAN 10' }),
  item({ plate: 'VAN 9' }),
  item({ plate: 'VAN 3', status: 'offline', statusReason: 'silent' }),
  item({ plate: 'VAN 4', status: 'offline', statusReason: 'goodbye', groups: ['couriers'] }),
  item({ plate: 'VAN 5', warnings: [{ ...lowTire, signals: [] }], customer: 'Demo' }),
  item({ plate: 'VAN 6', status: 'late' }),
].map(makeFleetVehicle);

const names = (changes: Partial<FleetFilter>): string[] => {
  const filter: FleetFilter = { q: '', status: '', customer: '', group: '', warning: '', ...changes };
  return fleet
    .filter(makeMatcher(filter))
    .sort(byUrgency)
    .map((vehicle) => vehicle.item.plate ?? '');
};

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
  assert.deepEqual(names({ warning: 'engine_lamp' }), []);
});

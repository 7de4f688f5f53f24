import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VehicleItem } from '@milepost/contract/api';
import type { MapFrameEntry } from '@milepost/contract/stream';
import { applyEntry, makeFleetVehicle } from './fleet-vehicle.ts';

const item: VehicleItem = {
  id: 'veh_1',
  vin: 'VF1AMLEPST0000003',
  plate: 'VAN 1',
  customer: 'Atlas',
  customerId: 'cus_1',
  model: null,
  groups: [],
  note: null,
  driver: null,
  isPrivate: false,
  status: 'online',
  statusSince: null,
  statusReason: 'none',
  lastSeen: null,
  position: { latitude: 48, longitude: 11, time: '2026-11-22T08:00:00Z' },
  warnings: [],
  energyPercent: null,
  rangeKm: null,
  speedKmh: null,
};
const entry: MapFrameEntry = {
  handle: 1,
  latitude: 48.1,
  longitude: 11.1,
  headingDegrees: 90,
  speedKmh: 30,
  energyPercent: 50,
  status: 'online',
  severity: 'none',
  isRemoved: false,
};

test('when its place becomes private nothing of the place before is left, and it appears where it is told next', () => {
  const vehicle = makeFleetVehicle(item);
  applyEntry(vehicle, entry, 1000, false);
  assert.deepEqual([vehicle.latitude, vehicle.longitude], [48.1, 11.1]);
  applyEntry(vehicle, { ...entry, latitude: null, longitude: null, headingDegrees: null }, 2000, true);
  assert.deepEqual([vehicle.latitude, vehicle.longitude, vehicle.x, vehicle.y], [null, null, Number.NaN, Number.NaN]);
  assert.equal(vehicle.glide, null);
  assert.equal(vehicle.speedKmh, 30);
  applyEntry(vehicle, { ...entry, latitude: 47 }, 3000, true);
  assert.equal(vehicle.latitude, 47);
  assert.ok(vehicle.glide, 'it stands there, and came from nowhere');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionStatuses } from '@milepost/contract';
import fc from 'fast-check';
import { CallerError } from '../kernel/index.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { aCustomer, aVehicle } from './memory-directory.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';
import type { Live, VehicleListQuery } from './types.ts';
import { vehicleSorts } from './types.ts';

const scope = operatorScope(nothingPrivate);
const numbers = (live: Live, query: VehicleListQuery) =>
  live.listVehicles(scope, query).items.map((item) => item.vehicle.vehicleNo);
const at = (vehicleNo: number, latitude: number, longitude: number, energy: number, receivedAt = t0) =>
  aReport(vehicleNo, vehicleNo, receivedAt, [
    {
      time: receivedAt,
      signals: {
        'CurrentLocation.Latitude': latitude,
        'CurrentLocation.Longitude': longitude,
        'Powertrain.TractionBattery.StateOfCharge.Displayed': energy,
      },
    },
  ]);

const fleet = () => {
  const directory = aDirectory(5);
  directory.put({ kind: 'customer', customer: aCustomer(2, { name: 'Škoda Überland' }) });
  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, { plate: 'B-CD 12', model: 'Twizy' }) });
  directory.put({ kind: 'vehicle', vehicle: aVehicle(2, { plate: 'a-aa 1', customerNo: 2, groups: ['vans'] }) });
  directory.put({ kind: 'vehicle', vehicle: aVehicle(5, { endedAt: t0 }) });
  const live = aLive(directory);
  live.apply(aBatch([at(1, 48, 11, 80), at(2, -17, 179.5, 10, t0 + 100_000), at(3, -17, -179.5, 20, t0 + 100_001)]));
  return { directory, live };
};

test('text in VIN, plate, customer and model, folded; all words', () => {
  const { live } = fleet();
  assert.deepEqual(numbers(live, { q: 'TWIZY b-cd' }), [1]);
  assert.deepEqual(numbers(live, { q: 'skoda uberland' }), [2]);
  assert.deepEqual(numbers(live, { q: 'twizy skoda' }), []);
  assert.deepEqual(numbers(live, { q: '00000003' }), [3]);
});

test('filters', () => {
  const { live } = fleet();
  assert.deepEqual(numbers(live, { status: 'late' }), [1]);
  assert.deepEqual(numbers(live, { status: 'never_seen' }), [4]);
  assert.deepEqual(numbers(live, { customerId: 'cus_2' }), [2]);
  assert.deepEqual(numbers(live, { group: 'vans' }), [2]);
  assert.deepEqual(numbers(live, { energyBelow: 20 }), [2]);
  assert.deepEqual(numbers(live, { bbox: '10,47,12,49' }), [1]);
  assert.deepEqual(numbers(live, { bbox: '179,-20,-179,-10' }), [2, 3]);
  assert.deepEqual(numbers(live, { warning: false, status: 'online' }), [2, 3]);
});

test('sorts; what lacks the value comes last both ways', () => {
  const { live } = fleet();
  assert.deepEqual(numbers(live, { sort: 'name' }), [2, 1, 3, 4]);
  assert.deepEqual(numbers(live, { sort: 'energy' }), [2, 3, 1, 4]);
  assert.deepEqual(numbers(live, { sort: '-energy' }), [1, 3, 2, 4]);
  assert.deepEqual(numbers(live, { sort: '-lastSeen' }), [3, 2, 1, 4]);
  assert.deepEqual(numbers(live, { sort: '-silence' }), [1, 2, 3, 4]);
});

test('the list follows the directory', () => {
  const { live, directory } = fleet();
  numbers(live, {});
  directory.put({ kind: 'vehicle', vehicle: aVehicle(6, { plate: '0000' }) });
  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, { endedAt: t0 }) });
  directory.put({ kind: 'customer', customer: aCustomer(2, { name: 'Tatra' }) });
  assert.deepEqual(numbers(live, {}), [6, 2, 3, 4]);
  assert.deepEqual(numbers(live, { q: 'tatra' }), [2]);
});

test('pages together are the whole list, each vehicle once, in any order', () => {
  const directory = aDirectory(23);
  const live = aLive(directory);
  live.apply(aBatch(Array.from({ length: 17 }, (_, i) => at(i + 1, 1, 1, (i * 7) % 5, t0 + ((i * 5) % 3)))));
  const sorts = vehicleSorts.flatMap((sort) => [sort, `-${sort}`]);
  fc.assert(
    fc.property(fc.constantFrom(...sorts), fc.integer({ min: 1, max: 30 }), (sort, limit) => {
      const whole = numbers(live, { sort, limit: 100 });
      const paged: number[] = [];
      let cursor: string | undefined;
      do {
        const page = live.listVehicles(scope, { sort, limit, cursor });
        paged.push(...page.items.map((item) => item.vehicle.vehicleNo));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      assert.deepEqual(paged, whole);
      assert.equal(new Set(whole).size, 23);
    }),
  );
});

test('what cannot be is refused with the name of the field', () => {
  const { live } = fleet();
  const next = live.listVehicles(scope, { limit: 1 }).next as string;
  const wrong: [string, VehicleListQuery][] = [
    ['bbox', { bbox: '1,2,3' }],
    ['bbox', { bbox: '1,50,2,40' }],
    ['bbox', { bbox: '1,,2,40' }],
    ['sort', { sort: 'colour' }],
    ['limit', { limit: 0 }],
    ['cursor', { cursor: 'nonsense' }],
    ['cursor', { cursor: next, sort: 'energy' }],
    ['customer', { customerId: 'cus_99' }],
    ['warning', { warning: 'nothing' as never }],
    ['energyBelow', { energyBelow: Number.NaN }],
  ];
  for (const [field, query] of wrong) {
    assert.throws(
      () => live.listVehicles(scope, query),
      (error) => error instanceof CallerError && error.details.field === field,
      JSON.stringify(query),
    );
  }
});

test('counts for the header', () => {
  const { live } = fleet();
  const counts = live.fleetCounts(scope);
  const byReason = { silent: 1, goodbye: 0, token_expired: 0, revoked: 0, device_battery_low: 0, server_down: 0 };
  assert.deepEqual(counts, { total: 4, byStatus: { never_seen: 1, online: 2, late: 1, offline: 0 }, byReason, needAttention: 0 });
  assert.equal(
    connectionStatuses.reduce((sum, status) => sum + counts.byStatus[status], 0),
    counts.total,
  );
});

test('an item says where, how, and since when', () => {
  const { live } = fleet();
  const [item] = live.listVehicles(scope, { q: 'twizy' }).items;
  assert.deepEqual(item?.position, { latitude: 48, longitude: 11, time: t0 });
  assert.equal(item?.energyPercent, 80);
  assert.deepEqual(item?.status, { status: 'late', since: t0 + 75_000, reason: 'silent', lastSeen: t0 });
});

test('counts apart by customer and by group, of those that pass the filters', () => {
  const { live } = fleet();
  const told = (by: 'customer' | 'group', filters = {}) =>
    live.countParts(scope, by, filters).map(({ name, total, byStatus }) => [name, total, byStatus.online]);
  const totals = told('customer').map(([, total]) => Number(total));
  assert.deepEqual(
    totals.toSorted((a, b) => a - b),
    [1, 3],
  );
  assert.deepEqual(told('customer', { customerId: 'cus_2' }), [['Škoda Überland', 1, 1]]);
  assert.deepEqual(told('group'), [
    ['vans', 1, 1],
    [null, 3, 1],
  ]);
  assert.deepEqual(told('group', { hasGroup: false, status: 'online' }), [[null, 1, 1]]);
  assert.equal(live.fleetCounts(scope, { group: 'vans' }).total, 1);
});

test('all at once is the same as page by page, in any order', () => {
  const { live } = fleet();
  for (const sort of vehicleSorts.flatMap((word) => [word, `-${word}`]))
    assert.deepEqual(
      [...live.eachVehicle(scope, { sort })].map(({ vehicle }) => vehicle.vehicleNo),
      numbers(live, { sort }),
      sort,
    );
});

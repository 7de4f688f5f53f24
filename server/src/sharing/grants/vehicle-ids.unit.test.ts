import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantLimits } from './limits.ts';
import { makeVehicleIds } from './vehicle-ids.ts';

const pepper = Buffer.alloc(32, 7);

test('an app finds its own vehicles by their ids, whether or not it was told them before', () => {
  const told = makeVehicleIds(pepper);
  const id = told.idOf(1, 10);
  for (const ids of [told, makeVehicleIds(pepper)]) {
    assert.equal(ids.find(1, id, new Set([9, 10])), 10);
    // Once more, now that it is remembered.
    assert.equal(ids.find(1, id, new Set([9, 10])), 10);
    assert.equal(ids.find(1, id, new Set([9])), undefined);
    assert.equal(ids.find(2, id, new Set([9, 10])), undefined);
  }
  assert.notEqual(told.idOf(2, 10), id);
});

test('ids stay the same when more than are remembered were made', () => {
  const ids = makeVehicleIds(pepper);
  const first = ids.idOf(1, 1);
  for (let vehicleNo = 2; vehicleNo <= grantLimits.vehicleIdsKept + 1; vehicleNo++) ids.idOf(1, vehicleNo);
  assert.equal(ids.idOf(1, 1), first);
  assert.equal(ids.find(1, first, new Set([1])), 1);
});

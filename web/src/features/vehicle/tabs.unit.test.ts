import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTab, tabsFor, vehicleTabs } from './tabs.ts';

test('who sees a vehicle by a grant is shown the parts that have something for them', () => {
  assert.deepEqual(tabsFor({ sharedItems: null, latest: {} }), vehicleTabs);
  assert.deepEqual(tabsFor({ sharedItems: [{ item: 'energy' }, { item: 'status', time: 'hour' }], latest: {} }), [
    'overview',
    'charging',
    'values',
  ]);
  const all = ['driving', 'position', 'motion', 'energy', 'mileage', 'tires', 'status'].map((item) => ({ item }));
  const value = { value: 1, unit: 'm', time: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z', deviceId: null };
  assert.deepEqual(tabsFor({ sharedItems: all, latest: { 'Vehicle.Speed': value } }), vehicleTabs);
});

test('a word of the address that is no part, or one that is not for its reader, is the first', () => {
  assert.deepEqual(
    [readTab('trips'), readTab('nothing'), readTab('trips', ['overview', 'values'])],
    ['trips', 'overview', 'overview'],
  );
});

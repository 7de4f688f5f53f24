import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, navPages } from './pages.ts';

test('the navigation leads to the pages that there are', () => {
  const names = navPages((name) => ['map', 'settings', 'vehicle'].includes(name)).map(({ name }) => name);
  assert.deepEqual(names, ['map', 'settings']);
});

test('no letter leads to two pages', () => {
  const keys = navPages(() => true).flatMap(({ key }) => key ?? []);
  assert.equal(new Set(keys).size, keys.length);
});

test('what lies below a page belongs to it, and not everything to the first', () => {
  assert.ok(isWithin('/vehicles/veh_1', '/vehicles'));
  assert.ok(!isWithin('/vehiclesish', '/vehicles'));
  assert.ok(isWithin('/', '/') && !isWithin('/vehicles', '/'));
});

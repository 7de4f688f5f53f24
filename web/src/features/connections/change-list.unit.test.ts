import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusChangeView } from '@milepost/contract/api';
import { fitsChange, withFresh } from './change-list.ts';

const change = (vehicleId: string, at: string, more: Partial<StatusChangeView> = {}): StatusChangeView => ({
  vehicleId,
  vin: 'WVWZZZ1JZ00000001',
  plate: 'VAN 1',
  customer: 'Atlas',
  at: `2026-11-03T14:${at}:00.000Z`,
  from: 'late',
  to: 'offline',
  reason: 'silent',
  ...more,
});

test('a change fits by vehicle, status, reason and customer; a text only the server can search', () => {
  const one = change('a', '00');
  assert.equal(fitsChange(one, {}), true);
  assert.equal(fitsChange(one, { vehicle: 'a', status: 'offline', reason: 'silent', customer: 'atlas' }), true);
  for (const filters of [{ vehicle: 'b' }, { status: 'late' }, { reason: 'goodbye' }, { customer: 'Demo' }])
    assert.equal(fitsChange(one, filters), false, JSON.stringify(filters));
  assert.equal(fitsChange(one, { q: 'van' }), undefined);
  assert.equal(fitsChange(one, { q: 'van', status: 'late' }), false);
});

test('new changes come before the others, each once, newest first', () => {
  const items = [change('a', '05'), change('b', '03')];
  assert.equal(withFresh(items, [change('b', '03')]), items);
  const joined = withFresh(items, [change('c', '06'), change('d', '04'), change('a', '05')]);
  assert.deepEqual(
    joined.map(({ vehicleId }) => vehicleId),
    ['c', 'a', 'd', 'b'],
  );
});

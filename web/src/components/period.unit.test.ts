import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromLocalField, periodOf, toLocalField } from './period.ts';

const nowMs = Date.parse('2026-11-03T14:00:00.000Z');

test('a word is a period that ends now, moments are one of their own, and nonsense is any time', () => {
  assert.deepEqual(periodOf({ last: '24h', from: '', to: '' }, nowMs), { from: '2026-11-02T14:00:00.000Z' });
  assert.deepEqual(periodOf({ last: '', from: '2026-11-01T10:00Z', to: '2026-11-01T11:00Z' }, nowMs), {
    from: '2026-11-01T10:00:00.000Z',
    to: '2026-11-01T11:00:00.000Z',
  });
  assert.deepEqual(periodOf({ last: '', from: '', to: '2026-11-01T11:00Z' }, nowMs), { to: '2026-11-01T11:00:00.000Z' });
  assert.deepEqual(periodOf({ last: '', from: '2026-11-02T10:00Z', to: '2026-11-01T10:00Z' }, nowMs), {
    from: '2026-11-02T10:00:00.000Z',
  });
  for (const text of ['', 'soon', '5 minutes']) assert.deepEqual(periodOf({ last: text, from: text, to: text }, nowMs), {});
});

test('a field shows local time; the address holds UTC', () => {
  const field = '2026-11-03T15:30';
  assert.equal(toLocalField(fromLocalField(field)), field);
  assert.match(fromLocalField(field), /^2026-11-0\dT\d\d:\d0Z$/);
  assert.deepEqual([toLocalField('x'), fromLocalField('')], ['', '']);
});

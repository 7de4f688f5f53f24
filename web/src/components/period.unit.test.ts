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
  const zones = ['UTC', 'Europe/Madrid', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham'];
  for (const zone of zones) {
    for (const field of ['2026-11-03T15:30', '2026-03-29T03:30', '2026-03-29T01:59', '2026-10-25T03:00', '2027-01-01T00:00'])
      assert.equal(toLocalField(fromLocalField(field, zone), zone), field, zone);
  }
  assert.equal(fromLocalField('2026-11-03T15:30', 'Europe/Madrid'), '2026-11-03T14:30Z');
  assert.equal(fromLocalField('2026-07-03T15:30', 'Europe/Madrid'), '2026-07-03T13:30Z');
  assert.equal(fromLocalField('2026-07-03T15:30', 'Asia/Kolkata'), '2026-07-03T10:00Z');
  assert.deepEqual([toLocalField('x', 'UTC'), fromLocalField('', 'UTC')], ['', '']);
});

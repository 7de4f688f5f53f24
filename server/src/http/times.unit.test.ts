import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPeriod, readTime, toIso, toIsoOrNull } from './times.ts';

test('a time is ISO 8601 with a zone, a date, or milliseconds', () => {
  const noon = Date.UTC(2026, 10, 20, 12);
  assert.equal(readTime('from', '2026-11-20T12:00:00Z'), noon);
  assert.equal(readTime('from', '2026-11-20T12:00Z'), noon);
  assert.equal(readTime('from', '2026-11-20T14:00:00.250+02:00'), noon + 250);
  assert.equal(readTime('from', '2026-11-20'), Date.UTC(2026, 10, 20));
  assert.equal(readTime('from', String(noon)), noon);
  assert.equal(readTime('from', noon), noon);
});

test('a time without a zone, a day that is not and other texts are refused with field and expectation', () => {
  for (const text of ['2026-11-20T12:00:00', '2026-02-30', '2026-02-30T00:00:00Z', '2026-13-01', 'yesterday', '12:00', '']) {
    assert.throws(() => readTime('from', text), { code: 'invalid_field', message: /^from is .*expected a time: ISO 8601/ }, text);
  }
});

test('what has no date is null', () => {
  assert.equal(toIsoOrNull(null), null);
  assert.equal(toIsoOrNull(Number.NEGATIVE_INFINITY), null);
  assert.equal(toIsoOrNull(0), '1970-01-01T00:00:00.000Z');
  assert.equal(toIso(1_795_000_000_000), '2026-11-18T11:06:40.000Z');
});

test('a period must have a length', () => {
  const open = (from: number | undefined, to: number | undefined) => ({ fromMs: from ?? 0, toMs: to ?? 10_000 });
  assert.deepEqual(readPeriod({}, open), { fromMs: 0, toMs: 10_000 });
  assert.deepEqual(readPeriod({ from: '5' }, open), { fromMs: 5, toMs: 10_000 });
  assert.throws(() => readPeriod({ from: '5', to: '5' }, open), { code: 'invalid_field', message: /^to is "5"/ });
});

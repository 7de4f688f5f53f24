import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayOf, startOf } from './zone-day.ts';

const start = (day: string, zone: string): string => new Date(startOf(day, zone)).toISOString();

test('a day belongs to a zone', () => {
  const ms = Date.parse('2026-11-22T23:30:00Z');
  assert.deepEqual(
    ['UTC', 'Europe/Berlin', 'America/Chicago', 'Pacific/Auckland'].map((zone) => dayOf(ms, zone)),
    ['2026-11-22', '2026-11-23', '2026-11-22', '2026-11-23'],
  );
});

test('it begins at midnight there, also on days when clocks are set', () => {
  assert.equal(start('2026-11-22', 'UTC'), '2026-11-22T00:00:00.000Z');
  assert.equal(start('2026-11-22', 'Europe/Berlin'), '2026-11-21T23:00:00.000Z');
  assert.equal(start('2026-03-29', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z');
  assert.equal(start('2026-03-30', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z');
  assert.equal(start('2026-10-25', 'Europe/Berlin'), '2026-10-24T22:00:00.000Z');
  assert.equal(start('2026-10-26', 'Europe/Berlin'), '2026-10-25T23:00:00.000Z');
  assert.equal(start('2026-11-22', 'Pacific/Auckland'), '2026-11-21T11:00:00.000Z');
  assert.equal(start('2026-11-22', 'America/Chicago'), '2026-11-22T06:00:00.000Z');
});

test('a day without a midnight begins when its clocks were set', () => {
  // In 2018 the clocks of Brazil went from 24:00 to 01:00.
  assert.equal(start('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z');
  for (let day = Date.parse('2018-10-30'); day < Date.parse('2018-11-10'); day += 86_400_000) {
    const name = new Date(day).toISOString().slice(0, 10);
    assert.equal(dayOf(startOf(name, 'America/Sao_Paulo'), 'America/Sao_Paulo'), name);
    assert.notEqual(dayOf(startOf(name, 'America/Sao_Paulo') - 1, 'America/Sao_Paulo'), name);
  }
});

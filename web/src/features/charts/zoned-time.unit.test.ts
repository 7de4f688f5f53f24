import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayKey, readZoned, startOfDay, writeZoned } from './zoned-time.ts';

test('a clock of a zone is read and written, whatever the zone of this machine', () => {
  const noon = Date.UTC(2026, 10, 22, 12);
  assert.equal(writeZoned(noon, 'America/New_York'), '2026-11-22T07:00');
  assert.equal(writeZoned(noon, 'Asia/Kolkata'), '2026-11-22T17:30');
  for (const zone of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'])
    assert.equal(readZoned(writeZoned(noon, zone), zone), noon, zone);
  assert.ok(Number.isNaN(readZoned('', 'UTC')));
});

test('days begin where the person is, also when clocks change', () => {
  const zone = 'Europe/Madrid';
  assert.equal(startOfDay(Date.UTC(2026, 10, 22, 12), zone), Date.UTC(2026, 10, 21, 23));
  assert.equal(dayKey(Date.UTC(2026, 10, 21, 23, 30), zone), '2026-11-22');
  // On 2026-10-25 clocks go back from 3 to 2; that day has 25 hours.
  assert.equal(startOfDay(Date.UTC(2026, 9, 25, 12), zone), Date.UTC(2026, 9, 24, 22));
  assert.equal(startOfDay(Date.UTC(2026, 9, 26, 12), zone), Date.UTC(2026, 9, 25, 23));
  // On 2026-03-29 there is no 2:30: it is read as the time that clocks then show, 3:30.
  assert.equal(writeZoned(readZoned('2026-03-29T02:30', zone), zone), '2026-03-29T03:30');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerError } from '../../kernel/index.ts';
import { LocalDays } from './local-days.ts';

const hourMs = 3_600_000;
const startAt = (zone: string, ms: number): string => {
  const { day, fromMs, toMs } = new LocalDays(zone).at(ms);
  return `${day} ${new Date(fromMs).toISOString()} ${(toMs - fromMs) / hourMs} h`;
};

test('days begin by the clocks of a time zone', () => {
  const evening = Date.UTC(2026, 0, 15, 23, 30);
  assert.equal(startAt('UTC', evening), '2026-01-15 2026-01-15T00:00:00.000Z 24 h');
  assert.equal(startAt('Europe/Madrid', evening), '2026-01-16 2026-01-15T23:00:00.000Z 24 h');
  assert.equal(startAt('Asia/Kolkata', evening), '2026-01-16 2026-01-15T18:30:00.000Z 24 h');
  assert.equal(startAt('Asia/Kathmandu', evening), '2026-01-16 2026-01-15T18:15:00.000Z 24 h');
  assert.equal(startAt('America/Los_Angeles', evening), '2026-01-15 2026-01-15T08:00:00.000Z 24 h');
  assert.equal(startAt('Pacific/Kiritimati', evening), '2026-01-16 2026-01-15T10:00:00.000Z 24 h');
});

test('a day on which the clocks are changed has 23 or 25 hours', () => {
  assert.equal(startAt('Europe/Madrid', Date.UTC(2026, 2, 29, 12)), '2026-03-29 2026-03-28T23:00:00.000Z 23 h');
  assert.equal(startAt('Europe/Madrid', Date.UTC(2026, 9, 25, 12)), '2026-10-25 2026-10-24T22:00:00.000Z 25 h');
  // Midnight itself is left out: the day begins at one o'clock.
  assert.equal(startAt('Africa/Cairo', Date.UTC(2024, 3, 26, 12)), '2024-04-26 2024-04-25T22:00:00.000Z 23 h');
  // Midnight is there twice: the day begins with the first.
  assert.equal(startAt('Africa/Cairo', Date.UTC(2024, 9, 31, 12)), '2024-10-31 2024-10-30T21:00:00.000Z 25 h');
  // It leaps half an hour.
  assert.equal(startAt('Australia/Lord_Howe', Date.UTC(2026, 3, 4, 20)), '2026-04-05 2026-04-04T13:00:00.000Z 24.5 h');
});

test('the days of a period follow each other without a gap', () => {
  for (const zone of ['UTC', 'Europe/Madrid', 'Asia/Kolkata', 'America/St_Johns', 'Africa/Cairo', 'America/Havana']) {
    const days = new LocalDays(zone).in(Date.UTC(2026, 0, 1, 5), Date.UTC(2027, 0, 1));
    assert.ok(days.length >= 365 && days.length <= 366, zone);
    for (const [i, { fromMs }] of days.entries()) if (i > 0) assert.equal(fromMs, days[i - 1]?.toMs, `${zone} ${days[i]?.day}`);
  }
});

test('what is no time zone is refused', () => {
  assert.throws(
    () => new LocalDays('Europe/Atlantis'),
    (error: unknown) => error instanceof CallerError && error.code === 'invalid_field' && error.details.field === 'timeZone',
  );
});

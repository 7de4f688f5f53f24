import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MileageDay } from '@milepost/contract/api';
import { daysShown, firstMidnight, lastDays, roundTop } from './last-days.ts';

const day = (key: string): MileageDay => ({
  day: key,
  distanceKm: 12,
  trips: 1,
  drivingSeconds: 600,
  idleSeconds: 0,
  energyKwh: null,
  rangeAtFullKm: null,
  rangeSource: null,
});

test('31 days end today by the clock of the person, and unknown ones have their place', () => {
  // 23:30 on the 31st in UTC is the 1st in Madrid; clocks change in between.
  const nowMs = Date.parse('2026-10-31T23:30:00Z');
  const shown = lastDays([day('2026-10-30')], nowMs, 'Europe/Madrid');
  assert.equal(shown.length, daysShown);
  assert.deepEqual([shown[0]?.key, shown.at(-1)?.key], ['2026-10-02', '2026-11-01']);
  assert.deepEqual(
    shown.filter((some) => some.day).map(({ key }) => key),
    ['2026-10-30'],
  );
  assert.equal(new Set(shown.map(({ key }) => key)).size, daysShown, 'each day once');
  assert.equal(new Date(firstMidnight(nowMs, 'Europe/Madrid')).toISOString(), '2026-10-01T22:00:00.000Z');
});

test('an axis ends at a round value', () => {
  assert.deepEqual([0, 0.3, 1, 3.2, 61, 101, 600].map(roundTop), [1, 0.5, 1, 5, 100, 200, 1000]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTireTrend, type TireDayPressure } from './tire-trend.ts';

/** Pressures are generated: a model of leaks is tested, no accuracy is claimed. */
const dayLengthMs = 86_400_000;
const firstMs = Date.UTC(2026, 8, 1);

/** Wavers like a sensor of 1 kPa and a temperature that is not the air's: within ±1.5 kPa. */
const wavering = (day: number): number => ((day * 7919) % 31) / 10 - 1.5;

const daysOf = (count: number, kpaAt: (day: number) => number): TireDayPressure[] =>
  Array.from({ length: count }, (_, day) => ({ dayMs: firstMs + day * dayLengthMs, kpa: kpaAt(day) }));

test('a slow leak is found, with its slope and since when', () => {
  const trend = findTireTrend(daysOf(40, (day) => 220 + wavering(day) - Math.max(0, day - 25) * 2));
  assert.ok(trend.isLeaking);
  assert.ok(Math.abs((trend.slopeKpaPerDay as number) + 2) < 0.3, `${trend.slopeKpaPerDay}`);
  const since = ((trend.sinceMs as number) - firstMs) / dayLengthMs;
  assert.ok(Math.abs(since - 25) <= 2, `since day ${since}`);
  assert.ok(Math.abs((trend.sinceKpa as number) - 220) < 4);
});

test('what every tire loses, and what wavers, is no leak', () => {
  assert.equal(findTireTrend(daysOf(60, (day) => 220 + wavering(day))).isLeaking, false);
  // 0.23 kPa a day are 1 psi a month.
  const usual = findTireTrend(daysOf(60, (day) => 220 - day * 0.23 + wavering(day)));
  assert.equal(usual.isLeaking, false);
  assert.ok(Math.abs((usual.slopeKpaPerDay as number) + 0.23) < 0.1);
});

test('filling it up begins anew', () => {
  const leaking = (day: number): number => (day < 20 ? 220 - day * 2 : 220 - (day - 20) * 2) + wavering(day);
  const trend = findTireTrend(daysOf(30, leaking));
  assert.equal(trend.sinceMs, firstMs + 20 * dayLengthMs);
  assert.ok(trend.isLeaking);
  const justFilled = findTireTrend(daysOf(22, leaking));
  assert.deepEqual([justFilled.slopeKpaPerDay, justFilled.isLeaking], [null, false]);
  assert.equal(findTireTrend(daysOf(40, (day) => (day < 20 ? leaking(day) : 220 + wavering(day)))).isLeaking, false);
});

test('days without a pressure and days of a wrong one do not turn it', () => {
  const days = daysOf(30, (day) => 220 - day * 1.5 + wavering(day));
  const holey = days.filter((_, day) => day % 3 !== 1).map((one, i) => (i % 7 === 3 ? { ...one, kpa: one.kpa - 30 } : one));
  for (const given of [days, holey]) {
    const trend = findTireTrend(given);
    assert.equal(trend.sinceMs, firstMs);
    assert.ok(trend.isLeaking);
    assert.ok(Math.abs((trend.slopeKpaPerDay as number) + 1.5) < 0.2, `${trend.slopeKpaPerDay}`);
  }
});

test('nothing is said of nothing, and only the last days are looked at', () => {
  const nothing = { nowKpa: null, slopeKpaPerDay: null, isLeaking: false, sinceMs: null, sinceKpa: null, days: [] };
  assert.deepEqual(findTireTrend([]), nothing);
  assert.equal(findTireTrend(daysOf(200, () => 220)).days.length, 60);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseStep, pointsMax, rawPeriodMsMax } from './choose-step.ts';
import { longestMs, moved, periodOf, readRange, shortestMs, writeRange, zoomed } from './time-range.ts';

const now = Date.UTC(2026, 10, 22, 12);
const hourMs = 3_600_000;

test('a period comes back from the address as it was written', () => {
  const periods = fc
    .tuple(fc.integer({ min: 0, max: now }), fc.integer({ min: shortestMs, max: 1e10 }))
    .map(([from, length]) => ({ from, to: from + length }));
  fc.assert(fc.property(periods, (period) => assert.deepEqual(readRange(writeRange(period, '6h'), '6h'), period)));
  assert.deepEqual(readRange(writeRange({ preset: '7d' }, '6h'), '6h'), { preset: '7d' });
  assert.deepEqual(writeRange({ preset: '6h' }, '6h'), { range: '', from: '', to: '' });
});

test('what no period is becomes the default', () => {
  for (const words of [
    { range: 'a year', from: '', to: '' },
    { range: '', from: '2026-11-22T12:00:00Z', to: '2026-11-22T11:00:00Z' },
    { range: '', from: 'yesterday', to: '2026-11-22T11:00:00Z' },
    { range: 'toString', from: '', to: '' },
  ]) {
    assert.deepEqual(readRange(words, '6h'), { preset: '6h' });
  }
});

test('zooming keeps the moment it zooms around, and never reaches the future', () => {
  const period = { from: now - 10 * hourMs, to: now - 6 * hourMs };
  assert.deepEqual(zoomed(period, 0.5, now - 9 * hourMs, now), { from: now - 9.5 * hourMs, to: now - 7.5 * hourMs });
  assert.equal(zoomed(period, 100, now - 7 * hourMs, now).to, now);
  assert.deepEqual(moved(period, 10, now), { from: now - 4 * hourMs, to: now });
  assert.deepEqual(moved(period, -0.5, now), { from: now - 12 * hourMs, to: now - 8 * hourMs });
  const tiny = zoomed({ from: now - 1000, to: now }, 0.01, now - 500, now);
  assert.equal(tiny.to - tiny.from, shortestMs);
});

test('a chart never gets more points than it has room for', () => {
  const lengths = fc.integer({ min: shortestMs, max: longestMs });
  fc.assert(
    fc.property(lengths, (length) => {
      const step = chooseStep({ from: now - length, to: now });
      if (length <= rawPeriodMsMax) assert.equal(step, 0);
      else assert.ok(step > 0 && length / step <= pointsMax, `${length} by ${step}`);
      // Steps from a minute on are whole minutes, which the server has ready.
      assert.equal(step > 60_000 ? step % 60_000 : 0, 0);
    }),
  );
  assert.deepEqual(periodOf({ preset: '1h' }, now), { from: now - hourMs, to: now });
});

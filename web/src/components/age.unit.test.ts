import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageOf, freshnessOf } from './age.ts';

const minuteMs = 60_000;

test('an age is said in the largest unit of which there are two', () => {
  const ages = [0, 12_000, 119_999, 2 * minuteMs, 119 * minuteMs, 120 * minuteMs, 47 * 60 * minuteMs, 48 * 60 * minuteMs];
  assert.deepEqual(
    ages.map((ms) => Object.values(ageOf(1_000_000, 1_000_000 + ms)).join(' ')),
    ['0 seconds', '12 seconds', '119 seconds', '2 minutes', '119 minutes', '2 hours', '47 hours', '2 days'],
  );
});

test('what comes from the next seconds is new', () => {
  assert.deepEqual(ageOf(5000, 2000), { count: 0, unit: 'seconds' });
});

test('values fade by steps', () => {
  assert.deepEqual(
    [0, 5 * minuteMs - 1, 5 * minuteMs, 24 * 60 * minuteMs].map((ms) => freshnessOf(0, ms)),
    ['fresh', 'fresh', 'aging', 'old'],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance, gapPlayMsMax } from './playback.ts';

const gaps = [{ from: 100_000, to: 1_300_000 }];
const endMs = 2_000_000;

test('so many seconds of the trip pass in one', () => {
  assert.equal(advance(0, 1000, 1, gaps, endMs), 1000);
  assert.equal(advance(0, 16, 60, gaps, endMs), 960);
});

test('what was not observed is passed quickly, and after it the chosen speed goes on', () => {
  assert.equal(advance(100_000, gapPlayMsMax, 10, gaps, endMs), 1_300_000);
  assert.equal(advance(90_000, 1000 + gapPlayMsMax + 500, 10, gaps, endMs), 1_305_000);
  // A gap that passes sooner by itself is not slowed.
  assert.equal(advance(0, 100, 60, [{ from: 0, to: 3000 }], endMs), 6000);
});

test('it ends at the end, however long the page was not drawn', () => {
  assert.equal(advance(1_999_000, 60_000, 60, gaps, endMs), endMs);
  assert.equal(advance(endMs, 1000, 60, gaps, endMs), endMs);
});

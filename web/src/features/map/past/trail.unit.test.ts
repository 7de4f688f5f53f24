import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTrail, positionPaths, readingAt } from './trail.ts';

const rows = {
  times: [0, 10_000, 20_000, 200_000, 210_000],
  columns: {
    [positionPaths[0]]: [10, 10.1, null, 10.3, 10.4],
    [positionPaths[1]]: [5, 5, null, 5, 5],
    speed: [36, null, 40, null, null],
  },
};
const trail = makeTrail('a', { fromMs: 0, toMs: 300_000 }, rows, 75_000);

test('a trail falls into pieces where nothing was heard for long', () => {
  assert.deepEqual(trail.times, [0, 10_000, 200_000, 210_000]);
  assert.deepEqual(trail.pieces, [0, 2]);
});

test('a reading is the last one before the moment, with its own time', () => {
  assert.deepEqual(readingAt(trail, 'speed', 15_000), { value: 36, timeMs: 0 });
  assert.deepEqual(readingAt(trail, 'speed', 220_000), { value: 40, timeMs: 20_000 });
  assert.equal(readingAt(trail, 'speed', -1), undefined);
  assert.equal(readingAt(trail, 'unknown', 15_000), undefined);
});

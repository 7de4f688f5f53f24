import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTrail, positionPaths, readingAt, growTrail, trailPointsMax } from './trail.ts';

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

test('a trail grows with its vehicle: not while it stands, apart after silence, and not without end', () => {
  const grown = makeTrail('v', { fromMs: 0, toMs: 0 }, { times: [], columns: {} }, 1000);
  growTrail(grown, { x: Number.NaN, y: Number.NaN }, 1, 1000);
  growTrail(grown, { x: 0.5, y: 0.5 }, 10, 1000);
  growTrail(grown, { x: 0.5, y: 0.5 }, 20, 1000);
  growTrail(grown, { x: 0.6, y: 0.5 }, 30, 1000);
  growTrail(grown, { x: 0.7, y: 0.5 }, 30, 1000);
  assert.deepEqual([grown.times, grown.xs, grown.pieces], [[10, 30], [0.5, 0.6], [0]]);
  growTrail(grown, { x: 0.8, y: 0.5 }, 2000, 1000);
  assert.deepEqual(grown.pieces, [0, 2]);
  for (let i = 0; i < 2 * trailPointsMax; i++) growTrail(grown, { x: i, y: 0 }, 2001 + i, 1000);
  assert.ok(
    grown.times.length <= trailPointsMax && grown.times.length === grown.xs.length && grown.ys.length === grown.xs.length,
  );
  assert.equal(grown.xs.at(-1), 2 * trailPointsMax - 1);
  assert.deepEqual(grown.pieces, [0]);
});

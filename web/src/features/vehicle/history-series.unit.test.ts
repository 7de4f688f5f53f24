import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gapsOf, piecesOf, pointAt, seriesOf } from './history-series.ts';

const path = 'Vehicle.Speed';
const stepMs = 10;
const at = (time: number) => ({ time, mean: 1, min: 1, max: 1 });

test('silence before, between and after is a gap; a short one is none', () => {
  assert.deepEqual(gapsOf([100, 110, 125, 300], 0, 400, stepMs, 50), [
    { from: 0, to: 100 },
    { from: 135, to: 300 },
    { from: 310, to: 400 },
  ]);
  assert.deepEqual(gapsOf([], 0, 400, stepMs, 50), [{ from: 0, to: 400 }]);
});

test('no line leads across a gap, and no point is lost', () => {
  const times = fc
    .uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 60 })
    .map((some) => some.toSorted((a, b) => a - b).map((n) => n * stepMs));
  fc.assert(
    fc.property(times, (all) => {
      const gaps = gapsOf(all, 0, 2100, stepMs, 50);
      const pieces = piecesOf(all.map(at), gaps);
      assert.deepEqual(
        pieces.flat().map(({ time }) => time),
        all,
      );
      for (const piece of pieces) {
        for (const [index, point] of piece.entries()) {
          const before = piece[index - 1];
          if (before) assert.ok(point.time - before.time <= 50 + stepMs);
        }
      }
    }),
  );
});

test('a step without a value of the signal is no point', () => {
  const history = {
    signals: [path],
    times: [0, 10],
    completeTo: 0,
    next: null,
    stepMs,
    columns: { [path]: { mean: [null, 5], min: [null, 4], max: [null, 6], last: [null, 5], count: [0, 3] } },
  };
  assert.deepEqual(seriesOf(history, path), [{ time: 10, mean: 5, min: 4, max: 6 }]);
  assert.deepEqual(seriesOf(history, 'Vehicle.Other'), []);
});

test('the cursor reads what was known then, and nothing in a gap', () => {
  const points = [at(0), at(10), at(100)];
  assert.equal(pointAt(points, 15, stepMs)?.time, 10);
  assert.equal(pointAt(points, 60, stepMs), undefined);
});

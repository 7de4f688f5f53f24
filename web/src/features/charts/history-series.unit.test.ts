import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alignLines, lonePoints } from './aligned.ts';
import { commonGaps, gapsOf, piecesOf, pointAt, seriesOf, statesOf, timesOf } from './history-series.ts';

const path = 'Vehicle.Speed';
const stepMs = 10;
const at = (time: number) => ({ time, mean: 1, min: 1, max: 1 });
const answer = { signals: [path], completeTo: 0, next: null };

test('silence before, between and after is a gap; a short one is none', () => {
  assert.deepEqual(gapsOf([100, 110, 125, 300], 0, 400, stepMs, 50), [
    { from: 0, to: 100 },
    { from: 135, to: 300 },
    { from: 310, to: 400 },
  ]);
  assert.deepEqual(gapsOf([], 0, 400, stepMs, 50), [{ from: 0, to: 400 }]);
});

const someTimes = fc
  .uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 60 })
  .map((some) => some.toSorted((a, b) => a - b).map((n) => n * stepMs));

test('no line leads across a gap, and no point is lost', () => {
  fc.assert(
    fc.property(someTimes, (all) => {
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

test('in what the chart is given, a null lies in each gap of a line, and other lines do not break it', () => {
  const line = (key: string, times: readonly number[]) => ({
    key,
    label: key,
    unit: '',
    digits: 0,
    colour: 1,
    points: times.map(at),
    gaps: gapsOf(times, 0, 2100, 0, 50),
    stepMs: 0,
  });
  fc.assert(
    fc.property(someTimes, someTimes, (first, second) => {
      const [seconds, mean = [], , , otherMean = []] = alignLines([line('a', first), line('b', second)]);
      assert.deepEqual(
        seconds,
        [...new Set(seconds)].toSorted((a, b) => a - b),
        'times are in order, each once',
      );
      for (const [column, times] of [
        [mean, first],
        [otherMean, second],
      ] as const) {
        // As uPlot reads it: what is undefined is skipped, what is null ends the line.
        let previousMs: number | undefined;
        let drawn = 0;
        for (const [row, value] of column.entries()) {
          if (value === undefined) continue;
          const ms = (seconds[row] as number) * 1000;
          if (value !== null && previousMs !== undefined) assert.ok(ms - previousMs <= 50 + 1e-6, `${previousMs} to ${ms}`);
          if (value !== null) drawn++;
          previousMs = value === null ? undefined : ms;
        }
        assert.equal(drawn, times.length);
      }
    }),
  );
});

test('a point that no line reaches is drawn as a dot', () => {
  assert.deepEqual(lonePoints([1, undefined, null, 2, null, 3, undefined, 4]), [0, 3]);
  assert.deepEqual(lonePoints([]), []);
});

test('nothing at all was observed where all are silent', () => {
  assert.deepEqual(
    commonGaps([
      [
        { from: 0, to: 10 },
        { from: 20, to: 30 },
      ],
      [{ from: 5, to: 25 }],
    ]),
    [
      { from: 5, to: 10 },
      { from: 20, to: 25 },
    ],
  );
  assert.deepEqual(commonGaps([[{ from: 0, to: 10 }], []]), []);
  assert.deepEqual(commonGaps([]), []);
});

test('a step or a row without a value of the signal is no point; a step stands at its middle', () => {
  const steps = {
    ...answer,
    times: [0, 10],
    stepMs,
    columns: { [path]: { mean: [null, 5], min: [null, 4], max: [null, 6], last: [null, 5], count: [0, 3] } },
  };
  assert.deepEqual(seriesOf(steps, path), [{ time: 15, mean: 5, min: 4, max: 6 }]);
  assert.deepEqual(seriesOf(steps, 'Vehicle.Other'), []);
  assert.deepEqual(timesOf(steps, path), [10]);
  const samples = { ...answer, times: [0, 10], columns: { [path]: [null, 5] } };
  assert.deepEqual(seriesOf(samples, path), [{ time: 10, mean: 5, min: 5, max: 5 }]);
  assert.deepEqual(timesOf(samples, path), [10]);
});

test('the cursor reads what was known then, and nothing in a gap', () => {
  const points = [at(0), at(10), at(100)];
  const gaps = [{ from: 10, to: 100 }];
  assert.equal(pointAt(points, gaps, 5, 0)?.time, 0);
  assert.equal(pointAt(points, gaps, 10, 0)?.time, 10);
  assert.equal(pointAt(points, gaps, 60, 0), undefined);
  assert.equal(pointAt(points, gaps, -1, 0), undefined);
  // A step is read from its start on.
  assert.equal(pointAt([at(5), at(15)], [], 11, stepMs)?.time, 15);
});

test('a state holds until the next is told, and not into silence', () => {
  const columns = { [path]: ['PARK', 'PARK', null, 'DRIVE', 'PARK'] };
  const samples = { ...answer, times: [0, 10, 15, 20, 100], columns };
  const gaps = gapsOf(timesOf(samples, path), 0, 120, 0, 50);
  assert.deepEqual(gaps, [{ from: 20, to: 100 }]);
  assert.deepEqual(statesOf(samples, path, gaps, 120), [
    { from: 0, to: 20, value: 'PARK' },
    { from: 20, to: 20, value: 'DRIVE' },
    { from: 100, to: 120, value: 'PARK' },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pictureDue, placeOf } from './software-picture.ts';

const view = { x: 0.5, y: 0.4, zoom: 10, width: 1000, height: 600 };

test('a picture of what is in view covers the window, its lines from below', () => {
  assert.equal(placeOf(view, view), 'translate(0px, 600px) scale(1, -1)');
});

test('a zoom step closer it is twice as large around the same middle', () => {
  assert.equal(placeOf(view, { ...view, zoom: 11 }), 'translate(-500px, 900px) scale(2, -2)');
});

test('it goes left when the map goes right, also over the date line', () => {
  const world = 512 * 2 ** 10;
  assert.equal(placeOf(view, { ...view, x: 0.5 + 100 / world }), 'translate(-100px, 600px) scale(1, -1)');
  const [before, after] = [
    { ...view, x: 1 - 32 / world },
    { ...view, x: 32 / world },
  ];
  assert.equal(placeOf(before, after), 'translate(-64px, 600px) scale(1, -1)');
});

test('while the map moves a coarse picture comes now and then, a fine one when it has rested', () => {
  const moving = { isMoving: true, beganMs: 1000, endedMs: 500, drawnMs: 200 };
  assert.deepEqual(pictureDue(moving, 1000), { waitMs: 300, isCoarse: true });
  assert.deepEqual(pictureDue(moving, 1300), { waitMs: 0, isCoarse: true });
  assert.deepEqual(pictureDue({ ...moving, drawnMs: 1310 }, 1400), { waitMs: 210, isCoarse: true });
  const resting = { ...moving, isMoving: false, endedMs: 2000 };
  assert.deepEqual(pictureDue(resting, 2100), { waitMs: 300, isCoarse: false });
  assert.deepEqual(pictureDue(resting, 2400), { waitMs: 0, isCoarse: false });
});

test('a map that never moved is drawn at once', () => {
  const never = Number.NEGATIVE_INFINITY;
  assert.deepEqual(pictureDue({ isMoving: false, beganMs: never, endedMs: never, drawnMs: never }, 0), {
    waitMs: 0,
    isCoarse: false,
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { xAt, yAt } from './glide.ts';
import { sightOf, type View } from './view.ts';

/** Evenly: among doubles as such most are next to nothing. */
const evenly = (min: number, max: number) => fc.integer({ min: min * 1e6, max: max * 1e6 }).map((millionths) => millionths / 1e6);
const unit = evenly(0, 1);
const view: fc.Arbitrary<View> = fc.record({
  x: unit,
  y: unit,
  zoom: evenly(1, 18),
  width: fc.integer({ min: 300, max: 4000 }),
  height: fc.integer({ min: 300, max: 2000 }),
});

test('the middle of the map is the middle of the window, and the world repeats', () => {
  fc.assert(
    fc.property(view, (of) => {
      const { project } = sightOf(of);
      assert.deepEqual(project(of.x, of.y), [of.width / 2, of.height / 2]);
    }),
  );
  const { project } = sightOf({ x: 0.999, y: 0.5, zoom: 2, width: 1000, height: 800 });
  const [x] = project(0.001, 0.5);
  assert.ok(x > 500 && x < 510, `${x} px: just east of the antimeridian, not a world away`);
});

test('what is far is not near at any time of its way', () => {
  // Some ways are short and near the middle, so that many are in sight.
  const way = fc.record({
    by: fc.constantFrom(1, 1e-2, 1e-4),
    toX: evenly(-1, 1),
    toY: evenly(-1, 1),
    fromX: evenly(-1, 1),
    fromY: evenly(-1, 1),
  });
  let near = 0;
  let far = 0;
  fc.assert(
    fc.property(view, way, fc.integer({ min: 0, max: 1000 }), (of, { by, toX, toY, fromX, fromY }, nowMs) => {
      const { project, isNear, isFar } = sightOf(of);
      const glide = {
        fromX: of.x + fromX * by,
        fromY: of.y + fromY * by,
        toX: of.x + toX * by,
        toY: of.y + toY * by,
        startMs: 0,
        endMs: 1000,
      };
      const isSeen = isNear(...project(xAt(glide, nowMs), yAt(glide, nowMs)));
      if (isSeen) near++;
      if (isFar(glide)) far++;
      assert.ok(!isSeen || !isFar(glide));
    }),
    { numRuns: 2000 },
  );
  assert.ok(near > 100 && far > 100, `${near} seen, ${far} far`);
});

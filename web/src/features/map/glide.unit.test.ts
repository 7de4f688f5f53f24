import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glideMs, headFor, standingAt, xAt } from './glide.ts';

test('a vehicle is between its two positions for a second, then at the second', () => {
  const glide = standingAt(0.5, 0.5);
  assert.equal(headFor(glide, 0.50001, 0.5, 1000, true), true);
  assert.equal(xAt(glide, 1000), 0.5);
  assert.ok(Math.abs(xAt(glide, 1000 + glideMs / 2) - 0.500005) < 1e-12);
  assert.equal(xAt(glide, 1000 + 5 * glideMs), 0.50001);
});

test('a new position in mid-way starts where the vehicle is drawn', () => {
  const glide = standingAt(0.5, 0.5);
  headFor(glide, 0.50001, 0.5, 0, true);
  const drawn = xAt(glide, 400);
  headFor(glide, 0.5, 0.5, 400, true);
  assert.equal(xAt(glide, 400), drawn);
  assert.equal(xAt(glide, 400 + glideMs), 0.5);
});

test('far jumps, and all of them when less motion is wanted, happen at once', () => {
  const far = standingAt(0.5, 0.5);
  assert.equal(headFor(far, 0.6, 0.5, 1000, true), false);
  assert.equal(xAt(far, 1000), 0.6);
  const calm = standingAt(0.5, 0.5);
  assert.equal(headFor(calm, 0.50001, 0.5, 1000, false), false);
  assert.equal(xAt(calm, 1000), 0.50001);
});

test('the same position again is no movement', () => {
  assert.equal(headFor(standingAt(0.5, 0.5), 0.5, 0.5, 1000, true), false);
});

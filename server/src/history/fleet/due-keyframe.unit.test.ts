import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueKeyframe } from './due-keyframe.ts';
import type { KeyframeInfo } from './keyframe-store.ts';
import { keyframeEveryMs, keyframeSettleMs } from './limits.ts';

const gridMs = keyframeEveryMs * 5_000_000;
const nowMs = gridMs + keyframeSettleMs + 1000;
const facts = { nowMs, storedToMs: gridMs + keyframeSettleMs, keptFromMs: gridMs - 4 * keyframeEveryMs + 1 };

const storeOf = (made: readonly Partial<KeyframeInfo>[]) => ({
  list: (fromMs: number, toMs: number) =>
    made
      .map((info) => ({ atMs: 0, madeMs: (info.atMs ?? 0) + 400_000, vehicles: 1000, lateVehicles: 0, ...info }))
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
      .sort((a, b) => a.atMs - b.atMs),
});
const back = (steps: number): { readonly atMs: number } => ({ atMs: gridMs - steps * keyframeEveryMs });

test('the newest comes first, then the oldest that is missing, then nothing', () => {
  assert.equal(dueKeyframe(storeOf([]), facts, true), gridMs);
  assert.equal(dueKeyframe(storeOf([back(0)]), facts, true), back(3).atMs);
  assert.equal(dueKeyframe(storeOf([back(0), back(3), back(1)]), facts, true), back(2).atMs);
  assert.equal(dueKeyframe(storeOf([0, 1, 2, 3].map(back)), facts, true), undefined);
});

test('nothing is due before everything is in chunks, nor when nothing is kept; older ones are found in a search only', () => {
  assert.equal(dueKeyframe(storeOf([back(1)]), { ...facts, storedToMs: facts.storedToMs - 1 }, false), undefined);
  assert.equal(dueKeyframe(storeOf([]), { ...facts, keptFromMs: nowMs }, true), undefined);
  assert.equal(dueKeyframe(storeOf([]), { ...facts, storedToMs: Number.NEGATIVE_INFINITY }, true), undefined);
  assert.equal(dueKeyframe(storeOf([back(0)]), facts, false), undefined);
});

test('one that lacks many vehicles is made anew when it is twice as old as when it was made', () => {
  const made = (lateVehicles: number, madeAfterMs: number) =>
    storeOf(
      [0, 1, 2, 3].map((steps) => ({
        ...back(steps),
        madeMs: back(steps).atMs + madeAfterMs,
        lateVehicles: steps === 3 ? lateVehicles : 0,
      })),
    );
  const ageMs = nowMs - back(3).atMs;
  assert.equal(dueKeyframe(made(100, ageMs / 2), facts, true), back(3).atMs);
  assert.equal(dueKeyframe(made(100, ageMs / 2 + 1), facts, true), undefined);
  assert.equal(dueKeyframe(made(20, ageMs / 2), facts, true), undefined);
});

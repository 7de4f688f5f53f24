import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { clockStepMsMin, makeSteppingClock } from './stepping-clock.ts';

test('a step is told once, before the first time after it; gradual corrections are not', () => {
  let wall = 1_800_000_000_000;
  let steady = 0;
  const clock: Clock = { now: () => wall, steady: () => steady, after: () => () => {} };
  const stepping = makeSteppingClock(clock);
  const heard: number[] = [];
  stepping.onStep((stepMs) => heard.push(stepMs));
  const pass = (ms: number, stepMs = 0): number => {
    steady += ms;
    wall += ms + stepMs;
    return stepping.now();
  };
  pass(86_400_000);
  for (let i = 0; i < 100; i++) pass(1000, clockStepMsMin / 50);
  assert.deepEqual(heard, []);
  pass(250, 1_200_000);
  assert.equal(pass(250), wall);
  pass(250, -1_200_000);
  assert.deepEqual(heard, [1_200_000, -1_200_000]);
});

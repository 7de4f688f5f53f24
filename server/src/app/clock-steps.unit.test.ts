import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Clock, makeSteppingClock, silentLogger } from '../kernel/index.ts';
import { noteClockSteps } from './clock-steps.ts';

test('the read models look at no time between a step and its note; a note that the log did not take is written later, once', async () => {
  let wall = 1_800_000_000_000;
  const clock: Clock = { now: () => wall, steady: () => 0, after: () => () => {} };
  const stepping = makeSteppingClock(clock);
  const written: [string, number | undefined][] = [];
  let isRoom = false;
  const write = (event: string, detailMs?: number): Promise<boolean> => {
    if (isRoom) written.push([event, detailMs]);
    return Promise.resolve(isRoom);
  };
  const steps = noteClockSteps(stepping, { write }, silentLogger, assert.fail);
  stepping.now();
  assert.equal(steps.isPending, false);
  for (const stepMs of [60_000, -10_000]) {
    wall += stepMs;
    stepping.now();
    assert.equal(steps.isPending, true);
    await setImmediate();
    assert.equal(steps.isPending, true, 'there was no room');
    steps.retry();
    await setImmediate();
  }
  isRoom = true;
  steps.retry();
  assert.equal(steps.isPending, true);
  await setImmediate();
  assert.equal(steps.isPending, false);
  steps.retry();
  assert.deepEqual(written, [['clockStepped', 50_000]]);
  assert.equal(steps.count, 2);
});

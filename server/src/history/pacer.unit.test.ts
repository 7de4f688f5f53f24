import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restFactor, workSliceMs } from './limits.ts';
import { endLeisure, makeLeisure, Pacer } from './pacer.ts';

/** Work in pieces of 1 ms; how long it took in all, and the longest work between two rests. */
const work = (pieces: number, leisureMs: number): { tookMs: number; busyMs: number } => {
  let nowMs = 1000;
  let busyMs = 0;
  let sinceMs = nowMs;
  const pacer = new Pacer(
    makeLeisure(leisureMs),
    () => nowMs,
    (ms) => {
      assert.ok(ms > 0);
      busyMs = Math.max(busyMs, nowMs - sinceMs);
      nowMs += ms;
      sinceMs = nowMs;
    },
  );
  for (let i = 0; i < pieces; i++) {
    nowMs++;
    pacer.breathe();
  }
  return { tookMs: nowMs - 1000, busyMs };
};

test('long work rests between its pieces', () => {
  const { tookMs, busyMs } = work(1000, 60_000);
  assert.equal(tookMs, 1000 * (1 + restFactor));
  assert.equal(busyMs, workSliceMs);
});

test('it does not take longer than it may, and then only what it works', () => {
  assert.equal(work(1000, 1500).tookMs, 1500 + (1000 - 500));
  assert.equal(work(1000, 0).tookMs, 1000);
});

test('short work does not rest', () => {
  assert.equal(work(workSliceMs - 1, 60_000).tookMs, workSliceMs - 1);
});

test('when somebody waits there is no rest any more', () => {
  const leisure = makeLeisure(86_400_000);
  let nowMs = 0;
  const pacer = new Pacer(leisure, () => nowMs);
  endLeisure(leisure);
  for (let i = 0; i < 10; i++) {
    // A day of work: the rest after it would not end in a test.
    nowMs += 8_000_000;
    pacer.breathe();
  }
  assert.equal(Atomics.load(leisure.hurry, 0), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PastFrame } from './past-frame.ts';
import { frameAfter, framesAhead, frameStepMs, PastPlayer } from './playback.ts';

const frame = (atMs: number): PastFrame => ({ atMs }) as PastFrame;

/** Frames that came, and what is shown of them. */
const open = (startMs: number) => {
  const there = new Map<number, PastFrame>();
  const shown: (readonly [number, number | undefined])[] = [];
  let wanted: readonly number[] = [];
  const player = new PastPlayer(
    {
      frames: { get: (at) => there.get(at), want: (moments) => (wanted = moments), latencyMs: 0 },
      show: (from, next) => shown.push([from.atMs, next?.atMs]),
    },
    startMs,
  );
  return { player, shown, come: (...moments: number[]) => moments.map((at) => there.set(at, frame(at))), wanted: () => wanted };
};

test('frames are as far apart as four a second allow, and further when they take long', () => {
  assert.deepEqual(
    [1, 10, 60, 300, 600].map((speed) => frameStepMs(speed, 0) / 1000),
    [1, 5, 15, 120, 300],
  );
  assert.deepEqual(
    [1, 10, 60, 600].map((speed) => frameStepMs(speed, 400) / 1000),
    [1, 10, 60, 600],
  );
});

test('frames are made of the same moments each time', () => {
  assert.equal(frameAfter(61_000, 15_000), 75_000);
  assert.equal(frameAfter(75_000, 15_000), 90_000);
  assert.deepEqual(framesAhead(61_000, 15_000, 110_000), [75_000, 90_000, 105_000]);
  assert.equal(framesAhead(0, 1000, 1e9).length, 5);
});

test('time goes on from frame to frame', () => {
  const { player, shown, come, wanted } = open(60_000);
  player.advance(16, 60, 1e9);
  assert.deepEqual([player.isWaiting, wanted()], [true, [60_000]]);
  come(60_000, 75_000, 90_000);
  player.advance(100, 60, 1e9);
  assert.deepEqual([player.timeMs, player.isWaiting], [66_000, false]);
  player.advance(200, 60, 1e9);
  assert.equal(player.timeMs, 78_000);
  assert.deepEqual(shown, [
    [60_000, undefined],
    [60_000, 75_000],
    [75_000, undefined],
    [75_000, 90_000],
  ]);
  assert.equal(wanted()[0], 90_000);
});

test('time stands still at the last known frame until the next is there', () => {
  const { player, come } = open(60_000);
  come(60_000, 75_000);
  player.advance(1000, 60, 1e9);
  assert.deepEqual([player.timeMs, player.isWaiting], [75_000, true]);
  player.advance(1000, 60, 1e9);
  assert.equal(player.timeMs, 75_000);
  come(90_000);
  player.advance(100, 60, 1e9);
  assert.deepEqual([player.timeMs, player.isWaiting], [81_000, false]);
});

test('it does not go beyond what is past', () => {
  const { player, come } = open(60_000);
  come(60_000, 75_000);
  player.advance(1000, 60, 70_000);
  assert.deepEqual([player.timeMs, player.isWaiting], [70_000, false]);
});

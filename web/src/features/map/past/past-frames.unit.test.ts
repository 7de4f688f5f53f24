import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PastFrame } from './past-frame.ts';
import { frameBytesMax, PastFrames } from './past-frames.ts';

const nowMs = 1e9;
const frame = (atMs: number, bytes = 1): PastFrame => ({ atMs, bytes, ids: [] as readonly string[] }) as PastFrame;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const open = (bytes = 1) => {
  const asked: number[] = [];
  const waiting: { atMs: number; done: (frame: PastFrame) => void; failed: (error: Error) => void }[] = [];
  let clockMs = nowMs;
  const frames = new PastFrames({
    fetch: (atMs) => {
      asked.push(atMs);
      return new Promise((done, failed) => waiting.push({ atMs, done, failed }));
    },
    nowMs: () => clockMs,
    changed: () => {},
  });
  const answer = async (): Promise<void> => {
    const first = waiting.shift();
    first?.done(frame(first.atMs, bytes));
    await turn();
  };
  return { frames, asked, answer, waiting, later: (ms: number) => (clockMs += ms) };
};

test('one is asked for at a time, and what is wanted last goes next', async () => {
  const { frames, asked, answer } = open();
  frames.want([1000]);
  frames.want([2000]);
  frames.want([3000, 4000]);
  assert.deepEqual(asked, [1000]);
  await answer();
  assert.deepEqual(asked, [1000, 3000]);
  await answer();
  assert.deepEqual(asked, [1000, 3000, 4000]);
  await answer();
  assert.equal(frames.get(3000)?.atMs, 3000);
  assert.equal(frames.get(2000), undefined);
  frames.want([3000, 1000]);
  assert.equal(asked.length, 3);
});

test('the frame used longest ago goes when there is too much', async () => {
  const { frames, answer } = open(frameBytesMax / 2);
  frames.want([1000, 2000]);
  await answer();
  await answer();
  assert.ok(frames.get(1000));
  frames.want([3000]);
  await answer();
  assert.deepEqual(
    [1000, 2000, 3000].map((at) => frames.get(at)?.atMs),
    [1000, undefined, 3000],
  );
});

test('a frame of the last minutes is asked for again, an older one is not', async () => {
  const { frames, answer, later, asked } = open();
  frames.want([nowMs - 60_000, nowMs - 600_000]);
  await answer();
  await answer();
  later(20_000);
  assert.equal(frames.get(nowMs - 60_000), undefined);
  assert.ok(frames.get(nowMs - 600_000));
  frames.want([nowMs - 60_000, nowMs - 600_000]);
  assert.deepEqual(asked.slice(2), [nowMs - 60_000]);
});

test('after a failure it is asked again, but not at once', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { frames, asked, waiting, answer } = open();
  frames.want([1000]);
  waiting.shift()?.failed(new Error('away'));
  await turn();
  frames.want([1000]);
  assert.equal(asked.length, 1);
  assert.match(String(frames.problem), /away/);
  context.mock.timers.tick(2000);
  assert.equal(asked.length, 2);
  await answer();
  assert.equal(frames.problem, undefined);
  frames.close();
});

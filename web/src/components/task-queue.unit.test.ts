import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pieces, TaskQueue, waitingMax } from './task-queue.ts';

const makeWorks = () => {
  const done: string[] = [];
  const work = function* (name: string, pieces: number): Pieces {
    for (let piece = 1; piece <= pieces; piece++) {
      done.push(`${name}${piece}`);
      if (piece < pieces) yield;
    }
  };
  return { done, work };
};
const untilLength = async (list: readonly unknown[], length: number): Promise<void> => {
  while (list.length < length) await new Promise((next) => setImmediate(next));
};

test('works are done one after the other, a piece at a time, the first one at once', async () => {
  const { done, work } = makeWorks();
  const queue = new TaskQueue(setImmediate);
  queue.add(work('a', 3));
  queue.add(work('b', 2));
  assert.deepEqual(done, ['a1']);
  await untilLength(done, 5);
  assert.deepEqual(done, ['a1', 'a2', 'a3', 'b1', 'b2']);
  queue.add(work('c', 1));
  assert.equal(done.at(-1), 'c1');
});

test('what comes faster than it is done is done at once', () => {
  const { done, work } = makeWorks();
  const queue = new TaskQueue(setImmediate);
  for (let i = 0; i < waitingMax; i++) queue.add(work('a', 2));
  assert.equal(done.length, 1);
  queue.add(work('b', 2));
  assert.equal(done.length, 2 * (waitingMax + 1));
});

test('a work that fails does not hold up the next', async () => {
  const { done, work } = makeWorks();
  const queue = new TaskQueue(setImmediate);
  const fails = function* (): Pieces {
    if (done.length === 0) throw new RangeError('not this one');
    yield;
  };
  assert.throws(() => queue.add(fails()), /not this one/);
  queue.add(work('a', 2));
  await untilLength(done, 2);
  assert.deepEqual(done, ['a1', 'a2']);
});

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { makeManualClock } from '../../kernel/index.ts';
import { cutWhenStalled } from './cut-stalled.ts';

const stallMs = 60_000;

/** A response of which the test says how much waits. */
class Response extends EventEmitter {
  writableNeedDrain = false;
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
    this.emit('close');
  }
}

const watch = (): { response: Response; clock: ReturnType<typeof makeManualClock> } => {
  const response = new Response();
  const clock = makeManualClock(0);
  cutWhenStalled(response as unknown as ServerResponse, clock, stallMs);
  return { response, clock };
};

test('a client that takes nothing is cut between one and one and a third of the time', () => {
  const { response, clock } = watch();
  clock.advance(5000);
  response.writableNeedDrain = true;
  clock.advance(stallMs);
  assert.equal(response.isDestroyed, false);
  clock.advance(stallMs / 3);
  assert.equal(response.isDestroyed, true);
  assert.deepEqual([response.listenerCount('drain'), response.listenerCount('close')], [0, 0]);
});

test('one that takes a piece now and then is not, nor one for whom nothing is ready', () => {
  const { response, clock } = watch();
  response.writableNeedDrain = true;
  for (let i = 0; i < 20; i++) {
    clock.advance(stallMs * 0.8);
    response.emit('drain');
  }
  response.writableNeedDrain = false;
  clock.advance(stallMs * 20);
  assert.equal(response.isDestroyed, false);
});

test('nothing is looked at any more when it is closed', () => {
  const { response, clock } = watch();
  response.writableNeedDrain = true;
  response.emit('close');
  clock.advance(stallMs * 20);
  assert.equal(response.isDestroyed, false);
});

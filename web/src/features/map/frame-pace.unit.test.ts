import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextFrameMs } from './frame-pace.ts';

test('where a frame costs little it glides thirty times a second', () => {
  assert.equal(nextFrameMs(0), 1000 / 30);
  assert.equal(nextFrameMs(8), 1000 / 30);
});

test('where it costs much a quarter of the time goes into gliding, and four times a second is the least', () => {
  assert.equal(nextFrameMs(20), 80);
  assert.equal(nextFrameMs(300), 250);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownTime } from './known-time.ts';

const limits = { interruptedAfterMs: 3000, settleMs: 15_000 };

test('the time that is known moves with the answers, and stands while there are none', () => {
  const known = new KnownTime({ ...limits, settleMs: 0 });
  assert.equal(known.ms, 0);
  for (const askedMs of [10_000, 11_000, 12_500]) {
    known.answered(askedMs);
    assert.equal(known.ms, askedMs);
  }
  known.answered(12_000);
  assert.equal(known.ms, 12_500, 'an answer that was overtaken changes nothing');
});

test('after a time without answers nothing is known for as long as gateways may take to send what they held', () => {
  const known = new KnownTime(limits);
  for (let ms = 100_000; ms <= 120_000; ms += 1000) known.answered(ms);
  assert.equal(known.ms, 120_000);
  for (let ms = 180_000; ms < 195_000; ms += 1000) {
    known.answered(ms);
    assert.equal(known.ms, 120_000, `at ${ms}`);
  }
  known.answered(195_000);
  assert.equal(known.ms, 195_000);
});

test('a process that begins while records come knows at once', () => {
  const known = new KnownTime(limits);
  known.begin(100_000, true);
  assert.equal(known.ms, 100_000);
  known.answered(101_000);
  assert.equal(known.ms, 101_000);
});

test('a process that begins and finds nothing that came lately waits for what gateways hold', () => {
  const known = new KnownTime(limits);
  known.begin(100_000, false);
  known.answered(101_000);
  assert.equal(known.ms, 0);
});

test('a process that has just begun does not know yet what gateways hold', () => {
  const known = new KnownTime(limits);
  for (let ms = 1000; ms < 16_000; ms += 1000) known.answered(ms);
  assert.equal(known.ms, 0);
  known.answered(16_000);
  assert.equal(known.ms, 16_000);
});

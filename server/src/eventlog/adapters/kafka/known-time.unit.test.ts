import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownTime } from './known-time.ts';

const limits = { interruptedAfterMs: 3000, settleMs: 15_000 };

/** Answers come at once unless told. */
const open = (more: Partial<typeof limits> = {}) => {
  let nowMs = 0;
  const known = new KnownTime({ ...limits, ...more }, () => nowMs);
  const answered = (askedMs: number, atMs = askedMs): void => {
    nowMs = atMs;
    known.answered(askedMs);
  };
  const begin = (askedMs: number, wasThere: boolean): void => {
    nowMs = askedMs;
    known.begin(askedMs, wasThere);
  };
  return { known, answered, begin };
};

test('the time that is known moves with the answers, and stands while there are none', () => {
  const { known, answered } = open({ settleMs: 0 });
  assert.equal(known.ms, 0);
  for (const askedMs of [10_000, 11_000, 12_500]) {
    answered(askedMs);
    assert.equal(known.ms, askedMs);
  }
  answered(12_000);
  assert.equal(known.ms, 12_500, 'an answer that was overtaken changes nothing');
});

test('after a time without answers nothing is known for as long as gateways may take to send what they held', () => {
  const { known, answered } = open();
  for (let ms = 100_000; ms <= 120_000; ms += 1000) answered(ms);
  assert.equal(known.ms, 120_000);
  for (let ms = 180_000; ms < 195_000; ms += 1000) {
    answered(ms);
    assert.equal(known.ms, 120_000, `at ${ms}`);
  }
  answered(195_000);
  assert.equal(known.ms, 195_000);
});

test('a process that begins while records come knows at once', () => {
  const { known, answered, begin } = open();
  begin(100_000, true);
  assert.equal(known.ms, 100_000);
  answered(101_000);
  assert.equal(known.ms, 101_000);
});

test('a process that begins and finds nothing that came lately waits for what gateways hold', () => {
  const { known, answered, begin } = open();
  begin(100_000, false);
  answered(101_000);
  assert.equal(known.ms, 0);
});

test('a process that has just begun does not know yet what gateways hold', () => {
  const { known, answered } = open();
  for (let ms = 1000; ms < 16_000; ms += 1000) answered(ms);
  assert.equal(known.ms, 0);
  answered(16_000);
  assert.equal(known.ms, 16_000);
});

test('a question that a broker answered late gives gateways their time from the answer on', () => {
  const { known, answered } = open();
  for (let ms = 100_000; ms <= 120_000; ms += 1000) answered(ms);
  answered(130_000, 160_000);
  for (let ms = 161_000; ms < 175_000; ms += 1000) answered(ms);
  assert.equal(known.ms, 120_000);
  answered(175_000);
  assert.equal(known.ms, 175_000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerError } from '../../kernel/index.ts';
import { PartnerRates, partnerRateLimits, type RateHeaders } from './partner-rate.ts';

const app = { appNo: 1, requestsPerMinute: 60 };
const windowMs = partnerRateLimits.windowSeconds * 1000;

const make = () => {
  let nowMs = 1000;
  const rates = new PartnerRates(() => nowMs);
  const ask = (of = app): { headers: RateHeaders | undefined; retryAfterSeconds: number | undefined } => {
    let headers: RateHeaders | undefined;
    try {
      rates.take(of, (told) => {
        headers = told;
      });
      return { headers, retryAfterSeconds: undefined };
    } catch (error) {
      assert.ok(error instanceof CallerError && error.code === 'too_many_requests');
      return { headers, retryAfterSeconds: error.details.retryAfterSeconds };
    }
  };
  return {
    ask,
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
};

test('a minute’s quota at once, then one by one as it fills', () => {
  const { ask, wait } = make();
  assert.deepEqual(ask().headers, { 'ratelimit-policy': '"app";q=60;w=60', ratelimit: '"app";r=59;t=1' });
  for (let i = 1; i < 60; i++) assert.equal(ask().retryAfterSeconds, undefined);
  assert.deepEqual(ask(), {
    headers: { 'ratelimit-policy': '"app";q=60;w=60', ratelimit: '"app";r=0;t=60' },
    retryAfterSeconds: 1,
  });
  wait(1000);
  assert.equal(ask().retryAfterSeconds, undefined);
  assert.equal(ask().retryAfterSeconds, 1);
  wait(windowMs * 10);
  assert.equal(ask().headers?.ratelimit, '"app";r=59;t=1', 'it holds no more than its quota');
});

test('who asks evenly is never refused, and one app takes nothing of another', () => {
  const { ask, wait } = make();
  const other = { appNo: 2, requestsPerMinute: 6 };
  for (let i = 0; i < 600; i++) {
    assert.equal(ask().retryAfterSeconds, undefined);
    wait(1000);
  }
  for (let i = 0; i < 6; i++) assert.equal(ask(other).retryAfterSeconds, undefined);
  assert.equal(ask(other).retryAfterSeconds, 10);
  assert.equal(ask().retryAfterSeconds, undefined);
});

test('what is remembered is bounded, and who was refused is not forgotten for a newcomer', () => {
  const { ask, wait } = make();
  const apps = Array.from({ length: partnerRateLimits.bucketsMax - 1 }, (_, i) => ({ appNo: i + 10, requestsPerMinute: 1 }));
  for (const one of apps) ask(one);
  wait(windowMs);
  ask({ appNo: 1, requestsPerMinute: 1 });
  ask({ appNo: 2, requestsPerMinute: 1 });
  assert.equal(ask({ appNo: 1, requestsPerMinute: 1 }).retryAfterSeconds, 60);
});

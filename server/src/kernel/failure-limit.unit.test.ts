import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FailureCounter } from './failure-limit.ts';

const limit = { failuresMax: 3, windowMs: 1000, keysMax: 4 };

describe('failure limit', () => {
  it('refuses what is over the limit until the window of the first failure ends', () => {
    const counter = new FailureCounter(limit);
    assert.deepEqual(
      [0, 100, 200, 300, 999, 1000].map((now) => counter.fail('a', now)),
      [0, 0, 0, 700, 1, 0],
    );
  });
  it('tells whether a further failure would be refused, and counts nothing by that', () => {
    const counter = new FailureCounter(limit);
    const asked = [0, 100, 200].map((now) => [counter.refusedMs('a', now), counter.fail('a', now)]);
    assert.deepEqual(asked.flat(), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual([counter.refusedMs('a', 300), counter.refusedMs('a', 300), counter.refusedMs('b', 300)], [700, 700, 0]);
    assert.deepEqual([counter.fail('a', 300), counter.refusedMs('a', 1000)], [700, 0]);
  });
  it('counts each key by itself', () => {
    const counter = new FailureCounter(limit);
    for (let i = 0; i < 5; i++) counter.fail('a', 0);
    assert.equal(counter.fail('b', 0), 0);
  });
  it('never holds more keys than allowed, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.string({ maxLength: 2 }), waitMs: fc.integer({ min: 0, max: 700 }) }), { maxLength: 60 }),
        (failures) => {
          const counter = new FailureCounter(limit);
          let now = 0;
          for (const { key, waitMs } of failures) {
            now += waitMs;
            const refusedMs = counter.fail(key, now);
            assert.ok(refusedMs >= 0 && refusedMs <= limit.windowMs);
            assert.ok(counter.size <= limit.keysMax);
          }
        },
      ),
    );
  });
});

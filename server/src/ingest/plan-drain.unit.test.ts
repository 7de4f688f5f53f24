import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comeBackSeconds, drainMs, shuffled } from './plan-drain.ts';
import { sessionLimits } from './session-limits.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('nobody is asked to come back before the last one has gone and the next start had its time', () => {
  fc.assert(
    fc.property(fc.nat(250_000), fc.nat(sessionLimits.drainMsMax), random, (sessions, leftMs, chance) => {
      assert.ok(comeBackSeconds(sessions, leftMs, chance) * 1000 >= leftMs + sessionLimits.comeBackAfterMs);
    }),
  );
});

test('ten thousand come back at most at the rate that is wanted, and take no longer than that needs', () => {
  const count = 10_000;
  const bySecond = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const second = comeBackSeconds(count, 0, i / count);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
  }
  assert.ok(Math.max(...bySecond.values()) <= sessionLimits.comeBackPerSecond);
  assert.ok(Math.max(...bySecond.keys()) <= sessionLimits.comeBackAfterMs / 1000 + count / sessionLimits.comeBackPerSecond);
});

test('letting go takes no longer than may be', () => {
  assert.equal(drainMs(0), 0);
  assert.equal(drainMs(100), 100);
  assert.equal(drainMs(250_000), sessionLimits.drainMsMax);
});

test('a shuffle keeps everybody', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.infiniteStream(random), (items, stream) => {
      const next = (): number => stream.next().value as number;
      const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
      assert.deepEqual(sorted(shuffled(items, next)), sorted(items));
    }),
  );
});

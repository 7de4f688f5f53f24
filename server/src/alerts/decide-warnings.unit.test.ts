import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WarningDetail } from '@milepost/contract';
import fc from 'fast-check';
import { decideWarning, evolveWarning, type WarningEvent, type WarningState } from './decide-warnings.ts';
import { warningLimits } from './limits.ts';

const { clearHoldMs, returnWithinMs, ringWithinMs } = warningLimits;
const startMs = 1_790_000_000_000;
const rearLeft: WarningDetail = { wheels: [2] };

/** Given what was looked at before, when it is looked at once more, then this happens. Times are seconds after the start. */
const given = (...sights: readonly (readonly [number, WarningDetail | undefined])[]) => {
  let state: WarningState = { phase: 'none' };
  const look = (second: number, detail: WarningDetail | undefined, ageMs = 0): WarningEvent[] => {
    const nowMs = startMs + second * 1000;
    const events = decideWarning(state, { detail, atMs: nowMs - ageMs, nowMs });
    for (const event of events) state = evolveWarning(state, event);
    return events;
  };
  for (const [second, detail] of sights) look(second, detail);
  return { when: look, types: (second: number, detail?: WarningDetail) => look(second, detail).map(({ type }) => type) };
};
const holdS = clearHoldMs / 1000;
const returnS = returnWithinMs / 1000;

test('a warning is raised at the time of its value, and looking again changes nothing', () => {
  const tire = given();
  assert.deepEqual(tire.when(0, rearLeft, 4000), [{ type: 'raised', atMs: startMs - 4000, detail: rearLeft, rings: true }]);
  assert.deepEqual(tire.types(1, rearLeft), []);
});

test('what is old when it is found is noted and does not ring', () => {
  const [raised] = given().when(0, rearLeft, ringWithinMs + 1);
  assert.ok(raised?.type === 'raised' && !raised.rings);
  const [grown] = given([0, rearLeft]).when(1, { wheels: [1, 2] }, ringWithinMs + 1);
  assert.ok(grown?.type === 'grown' && !grown.rings);
});

test('it ends when it has been gone for the hold, at the time at which it went', () => {
  const tire = given([0, rearLeft]);
  assert.deepEqual(tire.types(5), ['clearing']);
  assert.deepEqual(tire.types(5 + holdS - 1), []);
  const [ended] = tire.when(5 + holdS, undefined);
  assert.deepEqual(ended, { type: 'ended', atMs: startMs + 5000, sinceMs: startMs + (5 + holdS) * 1000 });
  assert.deepEqual(tire.types(6 + holdS), []);
});

test('one that flickers within the hold is one warning', () => {
  const tire = given([0, rearLeft]);
  for (let second = 1; second < 100; second += 2) {
    assert.deepEqual(tire.types(second), ['clearing']);
    assert.deepEqual(tire.types(second + 1, rearLeft), ['steadied']);
  }
});

test('one that comes again soon after its end goes on without ringing; later it is a new one', () => {
  const before = [
    [0, rearLeft],
    [1, undefined],
    [1 + holdS, undefined],
  ] as const;
  assert.deepEqual(given(...before).types(holdS + returnS, rearLeft), ['returned']);
  assert.deepEqual(given(...before).types(1 + holdS + returnS, rearLeft), ['raised']);
});

test('another wheel or code rings again, one that was there before does not', () => {
  const tire = given([0, rearLeft]);
  assert.deepEqual(tire.when(1, { wheels: [0, 2] }), [{ type: 'grown', detail: { wheels: [0, 2] }, rings: true }]);
  assert.deepEqual(tire.types(2, { wheels: [0] }), []);
  assert.deepEqual(tire.types(3, rearLeft), []);
  const codes = given([0, { codeCount: 1 }]);
  assert.deepEqual(codes.types(1, { codeCount: 2 }), ['grown']);
  assert.deepEqual(codes.types(2, { codes: ['P0A80', 'P0301'] }), ['grown']);
  assert.deepEqual(codes.types(3, { codeCount: 3 }), []);
  const weight = given([0, { weightKg: 1600, weightMaxKg: 1500 }]);
  assert.deepEqual(weight.types(1, { weightKg: 1700, weightMaxKg: 1500 }), []);
});

test('whatever comes: at most one is open, ends follow raises in order, and rings are apart', () => {
  const sights = fc.array(
    fc.record({
      stepMs: fc.integer({ min: 0, max: returnWithinMs }),
      ageMs: fc.integer({ min: 0, max: 2 * ringWithinMs }),
      wheels: fc.option(fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 }), { nil: undefined }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(sights, (all) => {
      let state: WarningState = { phase: 'none' };
      let nowMs = startMs;
      let openSinceMs: number | undefined;
      const rings: { readonly nowMs: number; readonly wheels: number }[] = [];
      for (const { stepMs, ageMs, wheels } of all) {
        nowMs += stepMs;
        const sight = { detail: wheels && { wheels }, atMs: nowMs - ageMs, nowMs };
        for (const event of decideWarning(state, sight)) {
          state = evolveWarning(state, event);
          if (event.type === 'raised' || event.type === 'returned') {
            assert.equal(openSinceMs, undefined, 'one at a time');
            assert.ok(state.phase === 'active');
            openSinceMs = state.raisedAtMs;
          } else assert.notEqual(openSinceMs, undefined, `${event.type} of one that is open`);
          if (event.type === 'ended') {
            assert.ok(event.atMs >= (openSinceMs ?? Number.POSITIVE_INFINITY), 'it ends after it began');
            openSinceMs = undefined;
          }
          if ('rings' in event && event.rings) rings.push({ nowMs, wheels: event.detail.wheels?.length ?? 0 });
        }
        assert.deepEqual(decideWarning(state, sight), [], 'looking again changes nothing');
        assert.equal(state.phase === 'active' || state.phase === 'clearing', openSinceMs !== undefined);
        if (wheels) assert.equal(state.phase, 'active');
      }
      for (const [i, ring] of rings.entries()) {
        const before = rings[i - 1];
        if (before)
          assert.ok(ring.wheels > before.wheels || ring.nowMs - before.nowMs >= returnWithinMs, 'a ring says something new');
      }
    }),
  );
});

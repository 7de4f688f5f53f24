import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slotMs, TimerWheel, wheelSlots } from './timer-wheel.ts';

test('every deadline fires once, in its slot, in order, also beyond one turn and after being moved', () => {
  const turnMs = slotMs * wheelSlots;
  const move = fc.record({ vehicleNo: fc.integer({ min: 1, max: 40 }), deadline: fc.integer({ min: 0, max: 3 * turnMs }) });
  fc.assert(
    fc.property(
      fc.array(move, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: turnMs }), { minLength: 1, maxLength: 8 }),
      (moves, strides) => {
        const wheel = new TimerWheel();
        wheel.startAt(0);
        const deadlines = new Map<number, number>();
        const fired: [number, number][] = [];
        for (const { vehicleNo, deadline } of moves) {
          deadlines.set(vehicleNo, deadline);
          wheel.arm(vehicleNo, deadline);
        }
        const expected = [...deadlines]
          .map(([vehicleNo, deadline]) => [deadline, vehicleNo] as const)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        let now = 0;
        for (let i = 0; now <= 4 * turnMs; i++) {
          now += strides[i % strides.length] as number;
          wheel.advance(
            now,
            (vehicleNo) => deadlines.get(vehicleNo) ?? Number.POSITIVE_INFINITY,
            (vehicleNo, slotEndMs) => {
              const deadline = deadlines.get(vehicleNo) as number;
              assert.ok(deadline < slotEndMs && deadline >= slotEndMs - slotMs && slotEndMs <= now);
              fired.push([deadline, vehicleNo]);
              deadlines.delete(vehicleNo);
            },
          );
        }
        assert.deepEqual(fired, expected);
        assert.equal(wheel.queued, 0);
      },
    ),
    { numRuns: 60 },
  );
});

test('a deadline that moved away costs nothing until its old slot comes', () => {
  const wheel = new TimerWheel();
  wheel.startAt(0);
  wheel.arm(7, 100);
  const fired: number[] = [];
  wheel.advance(
    10_000,
    () => 20_000,
    (vehicleNo) => fired.push(vehicleNo),
  );
  assert.equal(fired.length, 0);
  let deadline = 20_000;
  wheel.advance(
    30_000,
    () => deadline,
    (vehicleNo) => {
      fired.push(vehicleNo);
      deadline = Number.POSITIVE_INFINITY;
    },
  );
  assert.deepEqual(fired, [7]);
});

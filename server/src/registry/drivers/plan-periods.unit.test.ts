import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { overlaps, planAssignment, planPrivate } from './plan-periods.ts';
import type { DriverAssignment, DriverPeriod, PrivatePeriod } from './types.ts';

const forever = Number.POSITIVE_INFINITY;
const beginning = Number.NEGATIVE_INFINITY;
const assigned = (id: string, driverNo: number, fromMs: number, toMs: number): DriverAssignment => ({
  id,
  vehicleNo: 1,
  driverNo,
  fromMs,
  toMs,
});

/** Ascending periods that do not overlap; the last one may be open. */
const periods = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { maxLength: 8 }), fc.boolean())
  .map(([edges, isOpen]): DriverPeriod[] => {
    const sorted = edges.sort((a, b) => a - b);
    const all: DriverPeriod[] = [];
    for (let i = 0; i < sorted.length; i += 2) {
      const toMs = sorted[i + 1] ?? (isOpen ? forever : undefined);
      if (toMs !== undefined) all.push({ fromMs: sorted[i] as number, toMs });
    }
    return all;
  });
const wanted = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 60 }), fc.boolean())
  .map(([fromMs, length, isOpen]): DriverPeriod => ({ fromMs, toMs: isOpen ? forever : fromMs + length }));
const moments = Array.from({ length: 400 }, (_, i) => i / 2 - 5);
const holds = ({ fromMs, toMs }: DriverPeriod, ms: number): boolean => fromMs <= ms && ms < toMs;

describe('room for an assignment', () => {
  it('ends what is open, and lets it go on after who stands in', () => {
    const open = assigned('a', 1, 10, forever);
    assert.deepEqual(planAssignment({ fromMs: 20, toMs: forever }, [open]), {
      endings: [{ assignment: open, toMs: 20 }],
      resumptions: [],
    });
    assert.deepEqual(planAssignment({ fromMs: 20, toMs: 30 }, [open]), {
      endings: [{ assignment: open, toMs: 20 }],
      resumptions: [{ ...open, fromMs: 30 }],
    });
  });

  it('leaves what is closed, or begins later, as it is', () => {
    for (const other of [assigned('a', 1, 10, 30), assigned('a', 1, 25, forever), assigned('a', 1, beginning, 21)])
      assert.equal(planAssignment({ fromMs: 20, toMs: 40 }, [other]).obstacle, other);
    assert.equal(planAssignment({ fromMs: beginning, toMs: 5 }, [assigned('a', 1, 5, 9)]).obstacle, undefined);
  });

  it('never leaves two at one moment, and changes nobody else’s time', () => {
    fc.assert(
      fc.property(periods, wanted, (known, period) => {
        const others = known.map(({ fromMs, toMs }, i) => assigned(`${i}`, i, fromMs, toMs));
        const { endings, resumptions, obstacle } = planAssignment(period, others);
        if (obstacle) {
          assert.ok(overlaps(obstacle, period));
          return;
        }
        const ended = new Map(endings.map(({ assignment, toMs }) => [assignment.id, toMs]));
        const kept = others.map((other) => ({ ...other, toMs: ended.get(other.id) ?? other.toMs }));
        const after = [...kept, ...resumptions, assigned('new', 99, period.fromMs, period.toMs)];
        for (const ms of moments) {
          const drivers = after.filter((one) => holds(one, ms)).map(({ driverNo }) => driverNo);
          assert.ok(drivers.length <= 1, `${drivers.length} at ${ms}`);
          const before = others.find((one) => holds(one, ms))?.driverNo;
          assert.equal(drivers[0], holds(period, ms) ? 99 : before);
        }
      }),
    );
  });
});

describe('what is to be private', () => {
  it('is added where nothing is private yet, in pieces of one driver each', () => {
    fc.assert(
      fc.property(periods, periods, wanted, fc.integer({ min: 99, max: 200 }), (hidden, driven, period, nowMs) => {
        const known = hidden.map(
          ({ fromMs, toMs }, i): PrivatePeriod => ({
            id: `p${i}`,
            vehicleNo: 1,
            driverNo: null,
            fromMs,
            toMs: toMs === forever ? null : toMs,
          }),
        );
        const assignments = driven.map(({ fromMs, toMs }, i) => assigned(`${i}`, i, fromMs, toMs));
        const pieces = planPrivate(period, known, assignments, nowMs);
        for (const ms of moments) {
          const wasHidden = hidden.some((one) => holds(one, ms));
          const found = pieces.filter((one) => holds(one, ms));
          assert.equal(found.length, holds(period, ms) && !wasHidden ? 1 : 0, `at ${ms}`);
          if (found.length === 1 && ms <= nowMs)
            assert.equal(found[0]?.driverNo, assignments.find((one) => holds(one, ms))?.driverNo ?? null);
        }
      }),
    );
  });

  it('goes on with the driver of now, whoever is planned to follow', () => {
    const plan = [assigned('a', 1, 0, 50), assigned('b', 2, 50, forever)];
    assert.deepEqual(planPrivate({ fromMs: 20, toMs: forever }, [], plan, 20), [{ fromMs: 20, toMs: forever, driverNo: 1 }]);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodMsOf } from '../../events/index.ts';
import { coarsenTrips, type DrivenTrip } from './coarse-trips.ts';

const startMs = Date.UTC(2026, 10, 22);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const times = ['minute', 'hour', 'day'] as const;
const nowMs = startMs + 60 * hourMs;

const trip = (fromMs: number, toMs: number, distanceM = 1000, isOpen = false): DrivenTrip => ({
  fromMs,
  toMs,
  distanceM,
  isOpen,
});
const byHour = (trips: readonly DrivenTrip[], now = nowMs) =>
  coarsenTrips(trips, 'hour', hourMs, now).map(({ fromMs, toMs, distanceM }) => [
    (fromMs - startMs) / hourMs,
    (toMs - startMs) / hourMs,
    distanceM,
  ]);

test('trips of one hour are one, however many there were and whatever lay between them', () => {
  const two = [trip(startMs + 8 * hourMs + minuteMs, startMs + 8 * hourMs + 5 * minuteMs, 400)];
  two.push(trip(startMs + 8 * hourMs + 40 * minuteMs, startMs + 8 * hourMs + 59 * minuteMs, 600));
  assert.deepEqual(byHour(two), [[8, 9, 1000]]);
  assert.deepEqual(byHour([trip(startMs + 8 * hourMs, startMs + 9 * hourMs - 1)]), [[8, 9, 1000]]);
  assert.deepEqual(byHour([...two, trip(startMs + 9 * hourMs - 1, startMs + 9 * hourMs + 1, 7)]), [[8, 10, 1007]]);
});

test('hours that follow each other are apart unless a trip crosses from one into the next; the newest first', () => {
  const trips = [
    trip(startMs + 8 * hourMs + 1, startMs + 8 * hourMs + 9),
    trip(startMs + 9 * hourMs + 1, startMs + 9 * hourMs + 9),
  ];
  assert.deepEqual(byHour(trips), [
    [9, 10, 1000],
    [8, 9, 1000],
  ]);
});

test('what goes on, or whose hour is not over, is not told yet', () => {
  const of = [trip(startMs + 8 * hourMs + 1, startMs + 8 * hourMs + minuteMs)];
  assert.deepEqual(byHour(of, startMs + 9 * hourMs - 1), []);
  assert.deepEqual(byHour(of, startMs + 9 * hourMs), [[8, 9, 1000]]);
  assert.deepEqual(byHour([trip(startMs + 8 * hourMs, startMs + 8 * hourMs + minuteMs, 5, true)]), []);
});

/** Trips one after the other, each with the time that it stands before it. */
const drives = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 * hourMs }), fc.integer({ min: 1, max: 3 * hourMs }), fc.nat(90_000)), {
    minLength: 1,
    maxLength: 12,
  })
  .map((all) => {
    let atMs = startMs;
    return all.map(([standMs, driveMs, distanceM]): DrivenTrip => {
      const fromMs = atMs + standMs;
      atMs = fromMs + driveMs;
      return trip(fromMs, atMs, distanceM);
    });
  });

/** Begins and ends at another moment of the same periods, or falls into two within one. */
const twinOf = (of: DrivenTrip, periodMs: number, seed: number): DrivenTrip[] => {
  const [first, last] = [Math.floor(of.fromMs / periodMs) * periodMs, Math.floor(of.toMs / periodMs) * periodMs];
  const fromMs = first + (seed % (periodMs - 2));
  const toMs = last === first ? fromMs + 1 + (seed % Math.max(1, first + periodMs - fromMs - 2)) : last + (seed % periodMs);
  if (last !== first || toMs - fromMs < 3 || seed % 2 === 0) return [{ ...of, fromMs, toMs }];
  const part = seed % (of.distanceM + 1);
  return [
    { ...of, fromMs, toMs: fromMs + 1, distanceM: part },
    { ...of, fromMs: toMs - 1, toMs, distanceM: of.distanceM - part },
  ];
};

test('trips that differ within minutes, hours or days alone are told alike, in whole ones, each metre once', () => {
  fc.assert(
    fc.property(
      drives,
      fc.constantFrom(...times),
      fc.array(fc.nat(2 ** 30), { minLength: 12, maxLength: 12 }),
      (trips, time, seeds) => {
        const periodMs = periodMsOf(time);
        const told = coarsenTrips(trips, time, periodMs, nowMs);
        const twins = trips.flatMap((one, i) => twinOf(one, periodMs, seeds[i] ?? 0));
        assert.deepEqual(coarsenTrips(twins, time, periodMs, nowMs), told);
        told.forEach(({ fromMs, toMs }, i) => {
          assert.ok(fromMs % periodMs === 0 && toMs % periodMs === 0 && fromMs < toMs && toMs <= nowMs);
          assert.ok(i === 0 || toMs <= (told[i - 1]?.fromMs ?? 0), 'they do not overlap');
        });
        const isOver = ({ fromMs, toMs }: DrivenTrip): boolean => told.some((one) => fromMs >= one.fromMs && toMs < one.toMs);
        const sum = (all: readonly { distanceM: number }[]): number => all.reduce((total, { distanceM }) => total + distanceM, 0);
        assert.equal(sum(told), sum(trips.filter(isOver)));
      },
    ),
    { numRuns: 500 },
  );
});

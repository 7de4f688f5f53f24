import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wellKnown } from '@milepost/contract';
import { placePrecisions, timePrecisions } from '@milepost/contract/api';
import fc from 'fast-check';
import {
  coarsest,
  exactly,
  isAtMostAsFine,
  isTold,
  middleOfCell,
  periodMsOf,
  type SignalPrecision,
  tellStored,
  toldAtMs,
} from './precision.ts';

const coarsePlaces = placePrecisions.slice(1);
const degreesOf = { about100m: 0.001, about1km: 0.01, about10km: 0.1, exact: 0 } as const;
const latitude = fc.integer({ min: -900_000_000, max: 900_000_000 });
const longitude = fc.integer({ min: -1_800_000_000, max: 1_800_000_000 });
const precision = fc
  .tuple(fc.constantFrom(...placePrecisions), fc.constantFrom(...timePrecisions), fc.option(fc.integer({ min: 0, max: 3 })))
  .map(([place, time, above]): SignalPrecision => ({ place, time, above }));
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('a place as it is told', () => {
  it('is the middle of a cell, in decimals', () => {
    assert.equal(middleOfCell(52.520008, 'about100m', 90), 52.5205);
    assert.equal(middleOfCell(52.520008, 'about1km', 90), 52.525);
    assert.equal(middleOfCell(-33.86, 'about10km', 90), -33.85);
    assert.equal(middleOfCell(90, 'about10km', 90), 89.95);
    assert.equal(middleOfCell(180, 'about10km', 180), 179.95);
    assert.equal(middleOfCell(-180, 'about10km', 180), -179.95);
    assert.equal(middleOfCell(52.520008, 'exact', 90), 52.520008);
  });

  it('is never further than half a cell away, and is told again as itself', () => {
    fc.assert(
      fc.property(latitude, longitude, fc.constantFrom(...coarsePlaces), (lat, long, place) => {
        for (const [stored, signal] of [
          [lat, wellKnown.latitude],
          [long, wellKnown.longitude],
        ] as const) {
          const told = tellStored(stored, signal, { place, above: null });
          assert.ok(Math.abs(told - stored) <= (degreesOf[place] / 2) * 1e7 + 1, `${stored} is told as ${told}`);
          assert.equal(tellStored(told, signal, { place, above: null }), told);
        }
      }),
    );
  });

  it('tells nothing finer however many steps of the ladder were told: each cell lies within one of the next', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          longitude,
          longitude.map((stored) => Math.trunc(stored / 10_000) * 10_000),
        ),
        (stored) => {
          const tell = (value: number, place: SignalPrecision['place']) =>
            tellStored(value, wellKnown.longitude, { place, above: null });
          const fine = tell(stored, 'about100m');
          const middle = tell(stored, 'about1km');
          assert.equal(tell(fine, 'about1km'), middle);
          assert.equal(tell(middle, 'about10km'), tell(stored, 'about10km'));
        },
      ),
    );
  });

  it('changes no other signal', () => {
    assert.equal(tellStored(12_345, wellKnown.speed, { place: 'about10km', above: null }), 12_345);
  });
});

describe('a time as it is told', () => {
  it('is the end of its period, and not told before', () => {
    const time = Date.UTC(2026, 10, 22, 9, 27, 45, 120);
    const told = (precise: SignalPrecision['time']) => new Date(toldAtMs(time, precise)).toISOString();
    assert.equal(told('report'), '2026-11-22T09:27:45.120Z');
    assert.equal(told('minute'), '2026-11-22T09:28:00.000Z');
    assert.equal(told('hour'), '2026-11-22T10:00:00.000Z');
    assert.equal(told('day'), '2026-11-23T00:00:00.000Z');
    const end = Date.UTC(2026, 10, 22, 10);
    assert.deepEqual([isTold(time, 'hour', end - 1), isTold(time, 'hour', end)], [false, true]);
    assert.equal(toldAtMs(end, 'hour'), end + 3_600_000, 'a period holds its beginning');
    assert.equal(isTold(time, 'report', 0), true);
  });

  it('is one for all times of a period, and told in their order', () => {
    fc.assert(
      fc.property(moment, moment, fc.constantFrom(...timePrecisions), (a, b, time) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)];
        assert.ok(toldAtMs(first, time) <= toldAtMs(second, time));
        const periodMs = periodMsOf(time);
        if (periodMs === 0) return;
        assert.ok(toldAtMs(a, time) > a);
        const isOne = Math.floor(a / periodMs) === Math.floor(b / periodMs);
        assert.equal(toldAtMs(a, time) === toldAtMs(b, time), isOne);
      }),
    );
  });
});

describe('a threshold', () => {
  it('tells whether the value is above it, and nothing else', () => {
    const tell = (stored: number) => tellStored(stored, wellKnown.speed, { place: 'exact', above: 12_000 });
    assert.deepEqual([0, 11_999, 12_000, 12_001, 50_000].map(tell), [0, 0, 0, 1, 1]);
  });
});

describe('the coarsest of several', () => {
  it('is at most as fine as each of them, and one of their steps', () => {
    fc.assert(
      fc.property(fc.array(precision, { minLength: 1, maxLength: 5 }), (all) => {
        const found = coarsest(all);
        if (all.some(({ above }) => above !== null)) {
          assert.equal(found, undefined);
          return;
        }
        assert.ok(found);
        for (const one of all) assert.ok(isAtMostAsFine({ ...found, above: null }, one));
        assert.ok(all.some(({ place }) => place === found.place));
        assert.ok(all.some(({ time }) => time === found.time));
      }),
    );
  });

  it('of nothing is exact', () => assert.deepEqual({ ...coarsest([]), above: null }, exactly));
});

describe('at most as fine', () => {
  it('is an order: reflexive, transitive, and both ways only of what is equal', () => {
    fc.assert(
      fc.property(precision, precision, precision, (a, b, c) => {
        assert.ok(isAtMostAsFine(a, a));
        assert.ok(isAtMostAsFine(a, exactly));
        if (isAtMostAsFine(a, b) && isAtMostAsFine(b, c)) assert.ok(isAtMostAsFine(a, c));
        if (isAtMostAsFine(a, b) && isAtMostAsFine(b, a)) assert.deepEqual(a, b);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Portion, Sums } from './sums.ts';

const nothing: Portion = {
  vehicleNo: 1,
  driverNo: undefined,
  day: '2026-11-09',
  distanceM: null,
  trips: null,
  drivingMs: null,
  idleMs: null,
  topSpeedKmh: null,
  energyKwh: null,
  energySource: null,
  charging: null,
  chargedKwh: null,
  harshEvents: null,
  completeTo: null,
};
const figuresOf = (portions: readonly Portion[], days = 1, isByDriver = false) => {
  const sums = new Sums();
  for (const portion of portions) sums.add(portion);
  return sums.figures(days, isByDriver);
};

test('what is not known is null, not zero', () => {
  const { vehicles, vehiclesKnown, warnings, ...figures } = figuresOf([]);
  assert.deepEqual([vehicles, vehiclesKnown, warnings], [0, 0, 0]);
  assert.ok(
    Object.values(figures).every((figure) => figure === null),
    JSON.stringify(figures),
  );
  assert.equal(figuresOf([{ ...nothing, distanceM: 0 }]).distanceKm, 0, 'it stood, and that is known');
});

test('consumption is over the way of which the energy is known, and the share says how much that is', () => {
  const known = { ...nothing, distanceM: 30_000, energyKwh: 6, energySource: 'measured' as const };
  const figures = figuresOf([known, { ...nothing, vehicleNo: 2, distanceM: 70_000 }]);
  assert.deepEqual([figures.energyKwh, figures.energyShare, figures.kwhPer100Km, figures.energySource], [6, 0.3, 20, 'measured']);
  assert.equal(figuresOf([known, { ...known, energySource: 'modelled' }]).energySource, 'modelled');
  assert.equal(figuresOf([{ ...known, distanceM: 900 }]).kwhPer100Km, null, 'below a kilometre');
});

test('averages are by vehicle of which something is known and by day; of a driver by day', () => {
  const portions = [1, 1, 2].map((vehicleNo) => ({ ...nothing, vehicleNo, distanceM: 70_000 }));
  assert.equal(figuresOf(portions, 7).averageDayKm, 15);
  assert.equal(figuresOf(portions, 7, true).averageDayKm, 30);
});

test('parts add up to the whole, however they are split', () => {
  const portion = fc.record({
    distanceM: fc.option(fc.integer({ min: 0, max: 500_000 }), { nil: null }),
    trips: fc.option(fc.nat(20), { nil: null }),
    drivingMs: fc.option(fc.nat(86_400_000), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(portion, { maxLength: 20 }), fc.nat(20), (parts, at) => {
      const portions = parts.map((part, n) => ({ ...nothing, ...part, vehicleNo: n + 1 }));
      const whole = figuresOf(portions);
      const halves = [figuresOf(portions.slice(0, at)), figuresOf(portions.slice(at))];
      for (const key of ['distanceKm', 'trips', 'vehiclesKnown'] as const) {
        const known = halves.map((half) => half[key]).filter((value) => value !== null);
        const sum = known.reduce((total, value) => total + value, 0);
        if (known.length === 0) assert.equal(whole[key], null);
        else assert.ok(Math.abs((whole[key] ?? Number.NaN) - sum) < 1e-6, `${key} ${whole[key]} ${sum}`);
      }
    }),
  );
});

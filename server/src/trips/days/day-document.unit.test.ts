import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { figureSources, harshKinds } from '@milepost/contract/api';
import { decodeDay, encodeDay } from './day-document.ts';
import { dayMs, dayOf } from './store-limits.ts';
import { quartersPerDay, type VehicleDay } from '../types.ts';

const day = dayOf(Date.UTC(2026, 10, 20));
const startMs = day * dayMs;

const stepped = (max: number, step: number, min = 0) =>
  fc.integer({ min: Math.round(min * step), max: Math.round(max * step) }).map((n) => n / step);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const source = orNull(fc.constantFrom(...figureSources));
const place = orNull(fc.record({ latitude: stepped(90, 1e7, -90), longitude: stepped(180, 1e7, -180) }));
const time = fc.integer({ min: startMs, max: startMs + dayMs - 1 });
const spanned = fc.tuple(time, fc.integer({ min: 0, max: 2 * dayMs })).map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms }));
const with_ = <T extends object, U extends object>(a: fc.Arbitrary<T>, b: fc.Arbitrary<U>) =>
  fc.tuple(a, b).map(([x, y]): T & U => ({ ...x, ...y }));

const gap = with_(spanned, fc.record({ distanceM: orNull(stepped(100_000, 10)) }));
const harsh = fc.record({
  kind: fc.constantFrom(...harshKinds),
  atMs: time,
  metersPerSecond2: stepped(20, 100),
  position: place,
  source: fc.constantFrom(...figureSources),
});
const trip = with_(
  spanned,
  fc.record({
    isOpen: fc.boolean(),
    start: place,
    end: place,
    distanceM: stepped(1_000_000, 10),
    distanceSource: fc.constantFrom('odometer' as const, 'positions' as const, 'speed' as const),
    idleMs: fc.nat(dayMs),
    topSpeedKmh: orNull(stepped(200, 100)),
    energyKwh: orNull(stepped(100, 1000, -10)),
    energySource: source,
    fromPercent: orNull(stepped(100, 100)),
    toPercent: orNull(stepped(100, 100)),
    gaps: fc.array(gap, { maxLength: 3 }),
    harshEvents: fc.array(harsh, { maxLength: 3 }),
  }),
);
const stop = with_(
  spanned,
  fc.record({
    isOpen: fc.boolean(),
    kind: fc.constantFrom('parked' as const, 'unobserved' as const),
    position: place,
    idleMs: fc.nat(dayMs),
  }),
);
const charging = with_(
  spanned,
  fc.record({
    isOpen: fc.boolean(),
    position: place,
    fromPercent: orNull(stepped(100, 100)),
    toPercent: orNull(stepped(100, 100)),
    addedKwh: orNull(stepped(100, 1000)),
    energySource: source,
    peakPowerKw: orNull(stepped(350, 100)),
    powerSource: source,
    stopFromMs: time,
    stopToMs: time,
  }),
);
const quarter = fc.tuple(stepped(50_000, 10), fc.nat(900_000), fc.nat(900_000), stepped(30, 1000, -5));
const quarters = fc.uniqueArray(fc.nat(quartersPerDay - 1), { maxLength: 20 }).chain((used) =>
  fc.tuple(...used.map(() => quarter)).map((values): Pick<VehicleDay, 'distanceM' | 'drivingMs' | 'idleMs' | 'energyKwh'> => {
    const isUsed = values.some((all) => all.some((value) => value !== 0));
    const zeros = (): number[] => (isUsed ? Array.from({ length: quartersPerDay }, () => 0) : []);
    const day_ = { distanceM: zeros(), drivingMs: zeros(), idleMs: zeros(), energyKwh: zeros() };
    if (isUsed)
      for (const [n, i] of used.entries())
        [day_.distanceM[i], day_.drivingMs[i], day_.idleMs[i], day_.energyKwh[i]] = values[n] as [number, number, number, number];
    return day_;
  }),
);
const vehicleDay = with_(
  quarters,
  fc.record({
    dayMs: fc.constant(startMs),
    trips: fc.array(trip, { maxLength: 6 }),
    stops: fc.array(stop, { maxLength: 6 }),
    charging: fc.array(charging, { maxLength: 3 }),
    energySource: source,
    odometerM: orNull(stepped(400_000_000, 10)),
    odometerAtMs: orNull(time),
    rangeAtFullM: orNull(stepped(900_000, 10)),
    rangeSource: source,
    coldTireKpa: fc.array(orNull(stepped(1500, 10)), { maxLength: 4 }),
    samples: fc.nat(100_000),
  }),
);

test('a derived day comes out of its bytes as it went in', () => {
  fc.assert(
    fc.property(vehicleDay, (one) => {
      const again = decodeDay(day, encodeDay(one));
      assert.deepEqual(again, structuredClone(one));
    }),
    { numRuns: 300 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import { type ConsentItem, placePrecisions, timePrecisions } from '@milepost/contract/api';
import fc from 'fast-check';
import { derivedItems, middleOfCell, periodMsOf, type Precision } from '../events/index.ts';
import { makeManualClock } from '../kernel/index.ts';
import { checkItems, type GrantHolder, previewOf } from '../sharing/index.ts';
import { neverHandedOver, nothingPrivate } from '../sharing/operator-scope.ts';
import { tripsOf } from '../trips/testing/derived-trips.ts';
import type { Charging, PlaceAt, Stop, Trip, VehicleDay } from '../trips/index.ts';
import { readSharedCharging, readSharedStops, readSharedTrips } from './partner/read-activities.ts';

/** Trips, stops and charging that differ in nothing that is granted are answered alike, byte by byte. */

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 10, 22);
const nowMs = startMs + 20 * 3_600_000;
const holder: GrantHolder = { kind: 'person', personNo: 1 };
const groups = ['driving', 'position', 'motion', 'energy', 'mileage', 'tires'] as const;
type Group = (typeof groups)[number];

const time = fc.oneof(
  { weight: 4, arbitrary: fc.constant('report' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...timePrecisions) },
);
const items = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...groups), time, fc.constantFrom(...placePrecisions)), {
    selector: ([group]) => group,
    minLength: 1,
    maxLength: 6,
  })
  .map((all): ConsentItem[] =>
    checkItems(
      all.map(([item, of, place]) => (item === 'position' ? { item, time: of, place } : { item, time: of })),
      coreVocabulary,
    ),
  );

const place = fc
  .tuple(fc.integer({ min: 480_000_000, max: 481_500_000 }), fc.integer({ min: 110_000_000, max: 111_500_000 }))
  .map(([latitude, longitude]): PlaceAt => ({ latitude: latitude / 1e7, longitude: longitude / 1e7 }));
/** Beginnings and ends by hour of the day: each thing has an hour of its own, so that none is in another. */
const hourOf = (hour: number, minutes: number) => ({
  fromMs: startMs + hour * 3_600_000,
  toMs: startMs + hour * 3_600_000 + minutes * 60_000,
  isOpen: false,
});
const aTrip = (hour: number): fc.Arbitrary<Trip> =>
  fc
    .tuple(fc.integer({ min: 2, max: 50 }), place, place, fc.nat(90_000), fc.nat(200), fc.nat(100))
    .map(([minutes, start, end, m, kmh, percent]) => ({
      ...hourOf(hour, minutes),
      start,
      end,
      distanceM: m,
      distanceSource: 'odometer' as const,
      idleMs: minutes * 1000,
      topSpeedKmh: kmh,
      energyKwh: percent / 3,
      energySource: 'measured' as const,
      fromPercent: percent,
      toPercent: 0,
      gaps: [],
      harshEvents: [
        {
          kind: 'braking' as const,
          atMs: startMs + hour * 3_600_000 + 30_000,
          metersPerSecond2: 4 + kmh / 100,
          position: start,
          source: 'measured' as const,
        },
      ],
    }));
const aStop = (hour: number): fc.Arbitrary<Stop> =>
  fc.tuple(fc.integer({ min: 1, max: 40 }), place).map(([minutes, position]) => ({
    ...hourOf(hour, minutes),
    kind: 'parked' as const,
    position,
    idleMs: 0,
  }));
const aCharging = (hour: number): fc.Arbitrary<Charging> =>
  fc.tuple(fc.integer({ min: 1, max: 50 }), place, fc.nat(100)).map(([minutes, position, percent]) => ({
    ...hourOf(hour, minutes),
    position,
    fromPercent: percent / 2,
    toPercent: percent,
    addedKwh: percent / 3,
    energySource: 'measured' as const,
    peakPowerKw: percent,
    powerSource: 'measured' as const,
    stopFromMs: startMs + hour * 3_600_000,
    stopToMs: startMs + (hour + 1) * 3_600_000,
  }));
const day = fc
  .tuple(fc.tuple(...[1, 6, 9].map(aTrip)), fc.tuple(...[2, 7].map(aStop)), fc.tuple(...[3, 12].map(aCharging)))
  .map(([trips, stops, charging]) => ({ dayMs: startMs, trips, stops, charging }) as unknown as VehicleDay);

/** The group is granted whole, of each report. */
const precisionOf = (granted: readonly ConsentItem[], group: Group): Precision | undefined => {
  const item = granted.find((one) => one.item === group);
  return item && (item.time ?? 'report') === 'report' ? (item.place ?? 'exact') : undefined;
};

/** Another begin and end, in the same minutes, hours or days. */
const withinSteps = ({ fromMs, toMs }: Trip, periodMs: number, seed: number): Pick<Trip, 'fromMs' | 'toMs'> => {
  const [first, last] = [Math.floor(fromMs / periodMs) * periodMs, Math.floor(toMs / periodMs) * periodMs];
  const half = Math.floor(periodMs / 2);
  return { fromMs: first + (seed % half), toMs: last + half + (seed % half) };
};

/** A day that differs in as much as is not granted. */
const twinOf = (of: VehicleDay, granted: readonly ConsentItem[], seeds: readonly number[]): VehicleDay => {
  let next = 0;
  const seed = (): number => seeds[next++ % seeds.length] ?? 0;
  const has = (group: Group): boolean => precisionOf(granted, group) !== undefined;
  const cell = precisionOf(granted, 'position');
  const moved = (where: PlaceAt | null): PlaceAt | null => {
    if (!where) return where;
    const other = {
      latitude: where.latitude + ((seed() % 2001) - 1000) / 1e5,
      longitude: where.longitude + ((seed() % 2001) - 1000) / 1e5,
    };
    if (cell === undefined) return seed() % 5 === 0 ? null : other;
    const tell = (one: PlaceAt): string => `${middleOfCell(one.latitude, cell, 90)} ${middleOfCell(one.longitude, cell, 180)}`;
    return tell(other) === tell(where) ? other : where;
  };
  const energy = (percent: number | null): number | null => (has('energy') ? percent : seed() % 100);
  const trips = of.trips.map((trip): Trip => {
    const fast = has('motion') ? {} : { topSpeedKmh: seed() % 200, harshEvents: trip.harshEvents.slice(seed() % 2) };
    const [fromPercent, toPercent, energyKwh] = [energy(trip.fromPercent), energy(trip.toPercent), energy(trip.energyKwh)];
    const altered = { ...trip, start: moved(trip.start), end: moved(trip.end), fromPercent, toPercent, energyKwh, ...fast };
    return { ...altered, harshEvents: altered.harshEvents.map((event) => ({ ...event, position: moved(event.position) })) };
  });
  const stops = of.stops.map((stop) => ({ ...stop, position: moved(stop.position) }));
  const charging = of.charging.map((one) => ({ ...one, position: moved(one.position) }));
  const step = granted.find(({ item }) => item === 'driving')?.time ?? 'report';
  return {
    ...of,
    trips: has('driving')
      ? trips
      : step !== 'report' && granted.some(({ item }) => item === 'driving')
        ? trips.map((trip) => ({ ...trip, idleMs: seed() % 60_000, ...withinSteps(trip, periodMsOf(step), seed()) }))
        : trips.slice(seed() % 3).map((trip) => ({ ...trip, distanceM: seed(), toMs: trip.toMs + (seed() % 1000) })),
    stops: has('driving') ? stops : stops.slice(seed() % 2),
    charging: has('energy') ? charging : charging.slice(seed() % 2).map((one) => ({ ...one, addedKwh: seed() % 50 })),
  };
};

const answersOf = async (of: VehicleDay, granted: readonly ConsentItem[]): Promise<string> => {
  const clock = makeManualClock(nowMs);
  const vocabulary = () => coreVocabulary;
  const possession = {
    ...neverHandedOver,
    holderNow: () => holder,
    periods: () => [{ holder, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }],
  };
  // A preview's grant reaches a day back: all of this day.
  const sources = { book: undefined as never, possession, drivers: nothingPrivate, clock, vocabulary };
  const { scope, book, reader } = previewOf(sources, holder, 1, granted);
  const ask = { scope, book, reader, vehicleNo: 1, vehicle: 'car_1' };
  const deps = { trips: tripsOf([of], clock), vocabulary, clock };
  const query = { from: new Date(startMs - dayMs).toISOString(), limit: 5 };
  const pages = [
    await readSharedTrips(deps, ask, query),
    await readSharedStops(deps, ask, query),
    await readSharedCharging(deps, ask, query),
  ];
  return JSON.stringify(pages);
};

test('days that differ below what is granted are answered alike', async () => {
  let [told, withPlaces, driven] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(day, items, fc.array(fc.nat(1_000_000_007), { minLength: 5, maxLength: 40 }), async (of, granted, seeds) => {
      const first = await answersOf(of, granted);
      assert.equal(await answersOf(twinOf(of, granted, seeds), granted), first);
      if (first.includes('"durationSeconds"')) told++;
      if (first.includes('"latitude"')) withPlaces++;
      if (first.includes('"driven":[{')) driven++;
    }),
    { numRuns: 300 },
  );
  assert.ok(driven > 5, `only ${driven} of the grants told coarsely when it was driven`);
  assert.ok(told > 50, `only ${told} of the grants told trips`);
  assert.ok(withPlaces > 50, `only ${withPlaces} of the grants told places`);
});

test('each thing is told when all that it is made of is granted, and not when one is missing or coarse', async () => {
  const [of] = fc.sample(day, { numRuns: 1, seed: 7 }) as [VehicleDay];
  const marks = {
    trip: '"durationSeconds"',
    tripMotion: '"topSpeedKmh":1',
    tripEnergy: '"energyFromPercent":',
    stop: '"parked"',
    charging: '"peakPowerKw"',
  };
  const fixed = { ...of, trips: of.trips.map((trip) => ({ ...trip, topSpeedKmh: 100 })) };
  for (const [thing, mark] of Object.entries(marks) as [keyof typeof marks, string][]) {
    const all = derivedItems[thing].map((item): ConsentItem => ({ item }));
    assert.ok(
      (await answersOf(fixed, checkItems(all, coreVocabulary))).includes(mark),
      `${thing} is told of ${derivedItems[thing].join(', ')}`,
    );
    for (const [i, { item }] of all.entries()) {
      const coarse = all.map((one, at) => (at === i ? { item, time: 'hour' as const } : one));
      const text = await answersOf(fixed, checkItems(coarse, coreVocabulary));
      const isThere = thing === 'tripEnergy' ? /"energyFromPercent":\d/.test(text) : text.includes(mark);
      assert.ok(!isThere, `${thing} is not told when ${item} is told once an hour`);
      assert.match(text, new RegExp(`{"item":"${item}","reason":"not_granted"}`));
    }
  }
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { coreSignal, coreVocabulary, type SignalDefinition, wellKnown } from '@milepost/contract';
import { type ConsentItem, placePrecisions, timePrecisions } from '@milepost/contract/api';
import fc from 'fast-check';
import { periodMsOf, type ReadScope, type SignalPrecision, tellStored, toldAtMs } from '../events/index.ts';
import { openHistory, type ThreadedHistory } from '../history/open-history.ts';
import { encodeTestReport, makeBatch } from '../history/test-support.ts';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { aDirectory, aLive } from '../live/testing/test-live.ts';
import { checkItems, type GrantBook, type GrantHolder, partnerScope, type StoredGrant } from '../sharing/index.ts';
import { neverHandedOver, nothingPrivate } from '../sharing/operator-scope.ts';
import { itemOfSignal, precisionOfItem } from '../sharing/grants/items.ts';
import { tripsOfHistory } from '../trips/testing/derived-trips.ts';
import { readSharedCharging, readSharedStops, readSharedTrips } from './partner/read-activities.ts';
import { readSharedHistory } from './partner/read-history.ts';
import { readSharedMileage } from './partner/read-mileage.ts';
import { readShared } from './read-shared.ts';

/** All answers under a grant together yield nothing finer than it: two pasts that differ in nothing that is granted are answered byte by byte alike. */

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 10, 18);
const nowMs = startMs + 3 * dayMs + 7 * hourMs + 123_456;
const [latitude, longitude, speed, energy, mileage] = [
  wellKnown.latitude,
  wellKnown.longitude,
  wellKnown.speed,
  wellKnown.energyPercent,
  wellKnown.mileage,
];
const altitude = coreSignal('Vehicle.CurrentLocation.Altitude').number;
const codes = wellKnown.faultCodes;
const numbers = [latitude, longitude, altitude, speed, energy, mileage, codes];
const definitions = numbers.map((number) => coreVocabulary.byNumber(number) as SignalDefinition);
const vehicleNo = 1;
const reader = { kind: 'app', appNo: 3 } as const;
const holder: GrantHolder = { kind: 'person', personNo: 1 };

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fineness-'));
});
after(() => rm(folder, { recursive: true, force: true }));

interface Value {
  readonly signal: number;
  readonly time: number;
  readonly stored: number | string;
}
type Past = readonly Value[];

const anItem = fc.oneof(
  fc
    .tuple(fc.constantFrom(...placePrecisions), fc.constantFrom(...timePrecisions))
    .map(([place, time]) => ({ item: 'position', place, time })),
  fc.constantFrom(...timePrecisions).map((time) => ({ item: 'motion', time })),
  fc
    .tuple(fc.constantFrom(...timePrecisions), fc.constantFrom(30, 80))
    .map(([time, above]) => ({ item: 'Vehicle.Speed', time, above })),
  fc.constantFrom(...timePrecisions).map((time) => ({ item: 'energy', time })),
  fc.constantFrom(...timePrecisions).map((time) => ({ item: 'mileage', time })),
  fc.constantFrom(...timePrecisions).map((time) => ({ item: 'warnings', time })),
  fc.constantFrom(...timePrecisions).map((time) => ({ item: 'Vehicle.CurrentLocation.Altitude', time })),
);
const items = fc
  .uniqueArray(anItem, { selector: ({ item }) => item, minLength: 1, maxLength: 5 })
  .map((all): ConsentItem[] => checkItems(all, coreVocabulary));
const storedOf = (signal: number): fc.Arbitrary<number | string> => {
  if (signal === codes) return fc.constantFrom('[]', '["P0420"]', '["P0171","P0420"]');
  if (signal === latitude) return fc.integer({ min: 480_000_000, max: 481_500_000 });
  if (signal === longitude) return fc.integer({ min: 110_000_000, max: 111_500_000 });
  return fc.integer({ min: 0, max: 12_000 });
};
const time = fc.oneof(
  fc.integer({ min: 0, max: nowMs - startMs - 1 }),
  fc.integer({ min: nowMs - startMs - 2 * hourMs, max: nowMs - startMs - 1 }),
);
const past = fc
  .array(
    fc
      .constantFrom(...numbers)
      .chain((signal) =>
        fc
          .tuple(fc.constant(signal), time, storedOf(signal))
          .map(([of, at, stored]) => ({ signal: of, time: startMs + at, stored })),
      ),
    { minLength: 10, maxLength: 60 },
  )
  .map((all): Past => {
    const byKey = new Map(all.map((value) => [`${value.signal}:${value.time}`, value]));
    return [...byKey.values()];
  });
const backHours = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 24, max: 90 }) }, fc.integer({ min: 0, max: 23 }));
const pauses = fc
  .option(fc.tuple(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 4 * 3600 })))
  .map((pause) =>
    pause === null
      ? []
      : [{ fromMs: startMs + pause[0] * hourMs + 1234, toMs: startMs + pause[0] * hourMs + 1234 + pause[1] * 1000 }],
  );

const precisionOf = (granted: readonly ConsentItem[], signal: SignalDefinition): SignalPrecision | undefined => {
  const item = itemOfSignal(granted, signal);
  return item && precisionOfItem(item, signal);
};

/** Another stored value that is told alike. */
const another = (
  signal: SignalDefinition,
  stored: number | string,
  precision: SignalPrecision,
  seed: number,
): number | string => {
  if (typeof stored === 'string') return stored;
  const moved = stored + (seed % 2 === 0 ? 1 : -1) * (seed % 9000);
  const told = (value: number): number => tellStored(value, signal.number, precision);
  return moved >= 0 && told(moved) === told(stored) ? moved : stored;
};

/** A past that differs in as much as is not granted: other values in the same cell or on the same side, others within a period, of other times. */
const twinOf = (of: Past, granted: readonly ConsentItem[], seeds: readonly number[]): Past => {
  let next = 0;
  const seed = (): number => seeds[next++ % seeds.length] ?? 0;
  return definitions.flatMap((signal): Value[] => {
    const values = of.filter((value) => value.signal === signal.number).sort((a, b) => a.time - b.time);
    const precision = precisionOf(granted, signal);
    // Nothing of it may be read: everything may be otherwise, except that there was something ever, which `not_supported` would say of what is granted.
    if (!precision)
      return values.slice(0, seed() % (values.length + 1)).map((value) => ({ ...value, time: value.time - (seed() % 1000) }));
    const periodMs = periodMsOf(precision.time);
    if (periodMs === 0) return values.map((value) => ({ ...value, stored: another(signal, value.stored, precision, seed()) }));
    const lasts = values.filter(
      (value, i) => toldAtMs(value.time, precision.time) !== toldAtMs(values[i + 1]?.time ?? Number.NaN, precision.time),
    );
    const kept = lasts.filter((value) => toldAtMs(value.time, precision.time) <= nowMs);
    // One value is left at least, or the signal would not be known of the vehicle.
    return (kept.length > 0 ? kept : values.slice(0, 1)).flatMap((value) => {
      const fromMs = toldAtMs(value.time, precision.time) - periodMs;
      const at = fromMs + (seed() % Math.min(periodMs, nowMs - fromMs));
      const earlier = fromMs + Math.floor((at - fromMs) / 2);
      const told = { ...value, time: at, stored: another(signal, value.stored, precision, seed()) };
      // Others before it in its period count for nothing.
      return earlier < at
        ? [{ ...told, time: earlier, stored: typeof value.stored === 'string' ? '["P9999"]' : 7 }, told]
        : [told];
    });
  });
};

const bookOf = (grant: StoredGrant): GrantBook => ({
  byId: () => grant,
  of: () => [grant],
  vehiclesOf: () => [vehicleNo],
  ofVehicle: () => [grant],
  all: () => [grant],
  version: () => 1,
  changedSince: () => [],
  isHeard: () => true,
  nextExpiryMs: () => Number.POSITIVE_INFINITY,
  onChange: () => () => {},
});

let runs = 0;
/** A vehicle with a past, and everything that reads it. */
const openPast = async (of: Past) => {
  const clock = makeManualClock(nowMs);
  const history: ThreadedHistory = await openHistory({
    store: {
      adapterModule: new URL('../history/adapters/sqlite/index.ts', import.meta.url),
      adapterOptions: { folder: join(folder, String(runs++)) },
    },
    clock,
    logger: silentLogger,
    consentGroupOf: (signal) => coreVocabulary.byNumber(signal)?.group,
    fleet: { signals: numbers, keyframeRetentionMs: 0 },
    failed: (error) => {
      throw error;
    },
  });
  const live = aLive(aDirectory(1), '/nonexistent', { clock });
  const byTime = Map.groupBy(
    [...of].sort((a, b) => a.time - b.time),
    (value) => value.time,
  );
  // All arrives at once, when all is over: when something came is no part of what is told.
  const records = [...byTime].map(([at, values]) =>
    encodeTestReport({
      vehicleNo,
      deviceNo: 1,
      receivedAt: nowMs,
      samples: [{ time: at, values: values.map(({ signal, stored }) => [signal, stored] as const) }],
    }),
  );
  // That there is such a vehicle is no secret of its values.
  records.push(encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: nowMs, samples: [] }));
  const batch = makeBatch(records, 0, records.length);
  history.apply(batch);
  live.apply(batch);
  return { history, live, clock, vocabulary: () => coreVocabulary, trips: tripsOfHistory(history, clock) };
};

const asText = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) => (ArrayBuffer.isView(one) ? Array.from(one as Float64Array, String) : one)) ??
  'nothing';

/** Everything that the reader is answered, as text. */
const answersOf = async (parts: Awaited<ReturnType<typeof openPast>>, scope: ReadScope, book: GrantBook): Promise<string[]> => {
  const { history, live } = parts;
  const ask = { scope, book, reader, vehicleNo, vehicle: 'car_1' };
  const period = { from: new Date(startMs).toISOString(), to: new Date(nowMs + 1).toISOString() };
  const answers: unknown[] = [
    live.told(scope, vehicleNo),
    live.latest(scope, vehicleNo),
    live.status(scope, vehicleNo),
    live.warnings(scope, vehicleNo),
    live.mapVehicle(scope, vehicleNo),
    live.listVehicles(scope, {}),
    live.fleetCounts(scope),
    Buffer.from(live.mapSource(scope).full().frame).toString('hex'),
    await readShared(parts, ask),
    await readSharedHistory(parts, ask, {}),
    await readSharedHistory(parts, ask, period),
    await readSharedHistory(parts, { ...ask, items: ['position', 'Vehicle.Speed', 'mileage'] }, { ...period, limit: 7 }),
    await readSharedMileage(parts, ask, {}),
    await readSharedTrips(parts, ask, period),
    await readSharedStops(parts, ask, period),
    await readSharedCharging(parts, ask, period),
  ];
  const signals = definitions
    .filter(({ number, group }) => scope.items?.ofSignal(vehicleNo, number, group))
    .map(({ number }) => number);
  const narrow = [
    [startMs, nowMs + 1],
    [nowMs - 90 * 60_000, nowMs],
    [startMs + 5 * hourMs + 1, startMs + 31 * hourMs + 17],
  ] as const;
  for (const [fromMs, toMs] of signals.length > 0 ? narrow : [])
    for (const stepMs of [undefined, 60_000, 5 * hourMs, dayMs]) {
      const step = stepMs === undefined ? {} : { stepMs };
      answers.push(await history.query(scope, { vehicleNo, signals, fromMs, toMs, rowsMax: 5000, ...step }));
    }
  for (const atMs of [nowMs, nowMs - 20 * 60_000, startMs + 40 * hourMs]) {
    const moment = await history.fleetAt(scope, { vehicleNos: [vehicleNo], atMs, rankOf: () => 0 });
    answers.push(numbers.map((signal) => (moment.vehicleNos.length > 0 ? moment.value(0, signal) : undefined)));
  }
  return answers.map(asText);
};

/** A past under a grant that tells of it for sure, whatever chance makes of the others. */
const telling: [Past, ConsentItem[], number, { fromMs: number; toMs: number }[], number[]] = [
  numbers
    .filter((signal) => signal !== codes)
    .flatMap((signal) => [1, 30, 70].map((hours) => ({ signal, time: startMs + hours * hourMs, stored: 490_000 + hours }))),
  checkItems(
    [
      { item: 'motion', time: 'hour' },
      { item: 'energy', time: 'report' },
      { item: 'mileage', time: 'day' },
    ],
    coreVocabulary,
  ),
  72,
  [],
  [1, 20, 300, 4000, 50_000],
];

test('two pasts that differ below what is granted are answered alike, byte by byte, whatever is asked', async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(
      past,
      items,
      backHours,
      pauses,
      fc.array(fc.nat(1_000_000_007), { minLength: 5, maxLength: 40 }),
      async (of, granted, hours, paused, seeds) => {
        const twin = twinOf(of, granted, seeds);
        const backToMs = nowMs - hours * hourMs;
        const grant: StoredGrant = {
          grantNo: 1,
          id: 'grt_1',
          revision: 1,
          holder,
          reader,
          vehicleNo,
          items: granted,
          givenItems: granted,
          purpose: 'x',
          purposeVersion: '1',
          untilMs: null,
          backToMs,
          state: 'active',
          givenAtMs: nowMs - hourMs,
          pauses: paused,
          endedAtMs: null,
          endReason: null,
        };
        const book = bookOf(grant);
        const possession = {
          ...neverHandedOver,
          holderNow: () => holder,
          periods: () => [{ holder, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }],
        };
        const answers = async (one: Past): Promise<string[]> => {
          const parts = await openPast(one);
          try {
            const sources = { book, possession, drivers: nothingPrivate, clock: parts.clock, vocabulary: parts.vocabulary };
            return await answersOf(parts, partnerScope(sources, reader.appNo), book);
          } finally {
            await parts.history.abandon();
            await parts.live.close();
          }
        };
        const [first, second] = [await answers(of), await answers(twin)];
        assert.deepEqual(second, first);
        if (first.some((text) => text.includes('"value"'))) told++;
      },
    ),
    { numRuns: 12, examples: [telling] },
  );
  assert.ok(told > 0, 'the example tells something, or nothing was compared');
});

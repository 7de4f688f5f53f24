import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConsentGroup, wellKnown } from '@milepost/contract';
import { placePrecisions, timePrecisions } from '@milepost/contract/api';
import fc from 'fast-check';
import { isHiddenAt, type ItemPermission, periodMsOf, type ReadScope, tellStored, toldAtMs } from '../events/index.ts';
import { CallerError, makeManualClock, silentLogger } from '../kernel/index.ts';
import { scopeWith } from './fleet/test-scope.ts';
import { openHistory, type ThreadedHistory } from './open-history.ts';
import { encodeTestReport, makeBatch, type TestSample } from './test-support.ts';
import type { HistoryResult } from './types.ts';

const hourMs = 3_600_000;
const startMs = Date.UTC(2026, 10, 20, 12);
const nowMs = startMs + 30 * hourMs + 1234;
const { latitude, speed, energyPercent } = wellKnown;
const text = 60;
const signals = [latitude, speed, energyPercent, text];
const groups = new Map<number, ConsentGroup>([
  [latitude, 'position'],
  [speed, 'motion'],
  [energyPercent, 'energy'],
  [text, 'warnings'],
]);

let folder: string;
let history: ThreadedHistory;
const samplesOf = new Map<number, readonly TestSample[]>();
let vehicles = 0;
let records = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'told-'));
  history = await openHistory({
    store: { adapterModule: new URL('./adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock: makeManualClock(nowMs),
    logger: silentLogger,
    consentGroupOf: (signalNumber) => groups.get(signalNumber),
    failed: (error) => {
      throw error;
    },
  });
});
after(async () => {
  await history.abandon();
  await rm(folder, { recursive: true, force: true });
});

const add = async (samples: readonly TestSample[], isFlushed: boolean): Promise<number> => {
  const vehicleNo = ++vehicles;
  const all = samples.map((sample) => encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: nowMs, samples: [sample] }));
  const batch = makeBatch(all, 0, all.length);
  const offsets = batch.offsets.map((_, i) => (records + i) * 10);
  history.apply({ ...batch, offsets, nextOffset: (records + all.length) * 10 });
  records += all.length;
  if (isFlushed) await history.flush();
  samplesOf.set(vehicleNo, samples);
  return vehicleNo;
};

type Permissions = ReadonlyMap<number, ItemPermission>;
const scopeOf = (permissions: Permissions): ReadScope =>
  scopeWith({ items: { ofSignal: (_, signal) => permissions.get(signal), ofGroup: () => undefined } });

type Value = number | string | null;
interface Row {
  readonly time: number;
  readonly values: readonly Value[];
}

/** What a reader is told, worked out the plain way. */
const model = (samples: readonly TestSample[], permissions: Permissions, asked: { fromMs: number; toMs: number }): Row[] => {
  const cells = new Map<number, Value[]>();
  signals.forEach((signal, s) => {
    const { periods, hidden, precision } = permissions.get(signal) as ItemPermission;
    for (const { time, values } of [...samples].sort((a, b) => a.time - b.time)) {
      const stored = values.find(([number]) => number === signal)?.[1];
      const at = toldAtMs(time, precision.time);
      if (stored === undefined || !isHiddenAt(periods, time) || isHiddenAt(hidden, time)) continue;
      if (at < asked.fromMs || at >= asked.toMs || (precision.time !== 'report' && at > nowMs)) continue;
      const row = cells.get(at) ?? signals.map(() => null);
      row[s] = typeof stored === 'number' ? tellStored(stored, signal, precision) : stored;
      cells.set(at, row);
    }
  });
  return [...cells].sort(([a], [b]) => a - b).map(([time, values]) => ({ time, values }));
};

const rawRows = ({ times, raw = [] }: HistoryResult): Row[] =>
  Array.from(times, (time, row) => ({
    time,
    values: raw.map((column) => {
      const value = column.texts ? column.texts[row] : column.numbers[row];
      return value === undefined || Number.isNaN(value) ? null : value;
    }),
  }));

const modelSteps = (rows: readonly Row[], stepMs: number) => {
  const steps = new Map<number, Row[]>();
  for (const row of rows) {
    const at = Math.floor(row.time / stepMs) * stepMs;
    steps.set(at, [...(steps.get(at) ?? []), row]);
  }
  return [...steps].map(([time, of]) => ({
    time,
    signals: signals.map((_, s) => {
      const values = of.map((row) => row.values[s]).filter((value) => value !== null && value !== undefined);
      const numbers = values.filter((value) => typeof value === 'number');
      return { count: values.length, last: values.at(-1) ?? null, min: numbers.length > 0 ? Math.min(...numbers) : null };
    }),
  }));
};

const stepRows = ({ times, steps = [] }: HistoryResult) =>
  Array.from(times, (time, row) => ({
    time,
    signals: steps.map((column) => {
      const isText = 'texts' in column;
      const number = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);
      const last = isText ? (column.texts[row] ?? null) : number(column.last[row]);
      return { count: column.count[row] ?? 0, last, min: isText ? null : number(column.min[row]) };
    }),
  }));

const period = fc
  .tuple(fc.integer({ min: -hourMs, max: 31 * hourMs }), fc.option(fc.integer({ min: 1, max: 12 * hourMs })))
  .map(([from, length]) => ({ fromMs: startMs + from, toMs: length === null ? null : startMs + from + length }));
const precision = (signal: number) =>
  fc
    .tuple(fc.constantFrom(...timePrecisions), fc.constantFrom(...placePrecisions), fc.option(fc.constantFrom(20, 5000)))
    .map(([time, place, above]) => ({
      time,
      place: signal === latitude ? place : ('exact' as const),
      above: signal === speed || signal === energyPercent ? above : null,
    }));
const permission = (signal: number): fc.Arbitrary<ItemPermission> =>
  fc
    .tuple(
      fc.option(period, { nil: { fromMs: Number.NEGATIVE_INFINITY, toMs: null }, freq: 2 }),
      fc.array(period, { maxLength: 1 }),
      precision(signal),
    )
    .map(([of, hidden, precise]) => ({ periods: [of], hidden, precision: precise }));
const permissions = fc
  .tuple(...signals.map(permission))
  .map((all): Permissions => new Map(all.map((one, i) => [signals[i] as number, one])));
const number = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: undefined });
const samples = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 30 * hourMs }), number(900_000_000), number(10_000), number(100), number(3)), {
    maxLength: 40,
  })
  .map((all): TestSample[] => {
    const byTime = new Map(all.map((one) => [one[0], one]));
    return [...byTime.values()]
      .map(([time, lat, fast, percent, word]) => {
        const numbers = [lat, fast, percent].flatMap((value, i) =>
          value === undefined ? [] : [[signals[i] as number, value] as const],
        );
        const words = word === undefined ? [] : [[text, `word ${word}`] as const];
        return { time: startMs + time, values: [...numbers, ...words] };
      })
      .filter(({ values }) => values.length > 0);
  });
const asked = fc
  .tuple(fc.integer({ min: -hourMs, max: 31 * hourMs }), fc.integer({ min: 1, max: 40 * hourMs }))
  .map(([from, length]) => ({ fromMs: startMs + from, toMs: startMs + from + length }));

test('whatever is allowed: raw, by pages and in steps, what is answered is what is told, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples,
      permissions,
      asked,
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(60_000, 900_000, 7_200_000),
      async (given, allowed, when, isFlushed, rowsMax, stepMs) => {
        const vehicleNo = await add(given, isFlushed);
        const scope = scopeOf(allowed);
        const expected = model(given, allowed, when);
        const query = { vehicleNo, signals, ...when, rowsMax: 10_000 };
        assert.deepEqual(rawRows(await history.query(scope, query)), expected);

        const paged: Row[] = [];
        for (let fromMs: number | undefined = when.fromMs; fromMs !== undefined; ) {
          const page: HistoryResult = await history.query(scope, { ...query, fromMs, rowsMax });
          paged.push(...rawRows(page));
          assert.ok(page.nextFromMs === undefined || page.nextFromMs > fromMs, 'pages move on');
          fromMs = page.nextFromMs;
        }
        assert.deepEqual(paged, expected);
        assert.deepEqual(stepRows(await history.query(scope, { ...query, stepMs })), modelSteps(expected, stepMs));
      },
    ),
    { numRuns: 150 },
  );
});

test('a part of a period is not asked for: whoever narrows the time gets the period or nothing', async () => {
  const at = (minute: number, value: number): TestSample => ({ time: startMs + minute * 60_000, values: [[speed, value]] });
  const vehicleNo = await add([at(1, 10), at(20, 20), at(59, 30), at(61, 40)], false);
  const hourly: Permissions = new Map([
    [
      speed,
      {
        periods: [{ fromMs: Number.NEGATIVE_INFINITY, toMs: null }],
        hidden: [],
        precision: { place: 'exact', time: 'hour', above: null },
      },
    ],
  ]);
  const ask = async (fromMs: number, toMs: number) =>
    rawRows(await history.query(scopeOf(hourly), { vehicleNo, signals: [speed], fromMs, toMs, rowsMax: 10 }));
  assert.deepEqual(await ask(startMs, startMs + 30 * 60_000), []);
  assert.deepEqual(await ask(startMs + 30 * 60_000, startMs + hourMs), []);
  assert.deepEqual(await ask(startMs + hourMs, startMs + hourMs + 1), [{ time: startMs + hourMs, values: [30] }]);
  const answer = await history.query(scopeOf(hourly), { vehicleNo, signals: [speed], fromMs: startMs, toMs: nowMs, rowsMax: 10 });
  assert.equal(answer.completeTo, Math.floor(nowMs / periodMsOf('hour')) * periodMsOf('hour'));
  assert.deepEqual(answer.told, [{ place: 'exact', time: 'hour', above: null }]);
  await assert.rejects(
    history.query(scopeOf(hourly), {
      vehicleNo,
      signals: [speed],
      fromMs: startMs,
      toMs: nowMs,
      rowsMax: 10,
      devices: { only: 1 },
    }),
    (error) => error instanceof CallerError && error.code === 'forbidden',
  );
});

import { everythingScope, scopeWith } from './fleet/test-scope.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { CallerError, makeManualClock, silentLogger } from '../kernel/index.ts';
import type { HistoryOptions, ThreadedHistory } from './open-history.ts';
import { openHistory } from './open-history.ts';
import type { StatusChange } from './ports.ts';
import { encodeTestReport, makeBatch, type TestReport } from './test-support.ts';
import type { HistoryResult } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const speed = 5;
const fault = 60;

const everything = everythingScope;

let folder: string;
let open: ThreadedHistory[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
});
afterEach(async () => {
  for (const history of open) await history.abandon();
  open = [];
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Partial<HistoryOptions> = {}): Promise<ThreadedHistory> => {
  const history = await openHistory({
    store: { adapterModule: new URL('./adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock: makeManualClock(startMs),
    logger: silentLogger,
    consentGroupOf: (signalNumber) => (signalNumber === speed ? 'motion' : signalNumber === fault ? 'warnings' : undefined),
    failed: (error) => {
      throw error;
    },
    ...options,
  });
  open.push(history);
  return history;
};

const drive = (vehicleNo: number, second: number, value: number): TestReport => ({
  vehicleNo,
  deviceNo: 1,
  receivedAt: startMs + second * 1000 + 7,
  samples: [{ time: startMs + second * 1000, values: [[speed, value]] }],
});
const encodeAll = (reports: readonly TestReport[]): Uint8Array[] => reports.map(encodeTestReport);
const wholeDay = { fromMs: startMs - 86_400_000, toMs: startMs + 86_400_000, rowsMax: 100_000 };

const numbersOf = (result: HistoryResult, signal = 0): number[] => [...(result.raw?.[signal]?.numbers ?? [])];

test('what was applied is read at once, from memory, then from chunks, then after a restart', async () => {
  const records = encodeAll(Array.from({ length: 600 }, (_, i) => drive(1 + (i % 3), i, i)));
  const history = await start();
  assert.equal(history.appliedOffset(0), undefined);
  history.apply(makeBatch(records, 0, 300));
  const query = { vehicleNo: 2, signals: [speed, fault], ...wholeDay };
  const expected = Array.from({ length: 200 }, (_, i) => i * 3 + 1);
  assert.deepEqual(numbersOf(await history.query(everything, query)), expected.slice(0, 100));
  await history.flush();
  assert.equal(history.appliedOffset(0), 3000);
  history.apply(makeBatch(records, 300, 600));
  const both = await history.query(everything, query);
  assert.deepEqual(numbersOf(both), expected);
  assert.equal(both.completeTo, startMs + 599_007);
  assert.deepEqual(Array.from(both.times.subarray(0, 2)), [startMs + 1000, startMs + 4000]);
  assert.ok(numbersOf(both, 1).every(Number.isNaN));
  await history.abandon();

  const again = await start();
  assert.equal(again.appliedOffset(0), 3000);
  const stored = await again.query(everything, query);
  assert.deepEqual(numbersOf(stored), expected.slice(0, 100));
  assert.equal(stored.completeTo, startMs + 299_007);
  again.apply(makeBatch(records, 300, 600));
  assert.deepEqual(numbersOf(await again.query(everything, query)), expected);
  await again.close();
  assert.equal((await start()).appliedOffset(0), 6000);
});

test('while tables are sealed and flushed no query sees a gap or a value twice', async () => {
  const history = await start({ sealBytes: 20_000 });
  const records = encodeAll(Array.from({ length: 6000 }, (_, i) => drive(1, i, i)));
  let applied = 0;
  let answers = 0;
  const watch = async (): Promise<void> => {
    while (applied < records.length) {
      const atLeast = applied;
      const values = numbersOf(await history.query(everything, { vehicleNo: 1, signals: [speed], ...wholeDay }));
      assert.ok(values.length >= atLeast, `${values.length} values, expected at least ${atLeast}`);
      values.forEach((value, i) => assert.equal(value, i));
      answers++;
    }
  };
  const watchers = [watch(), watch()];
  while (applied < records.length) {
    const to = Math.min(records.length, applied + 40);
    history.apply(makeBatch(records, applied, to));
    applied = to;
    await (history.ready() ?? nextTurn());
  }
  await Promise.all(watchers);
  await history.flush();
  assert.equal(numbersOf(await history.query(everything, { vehicleNo: 1, signals: [speed], ...wholeDay })).length, 6000);
  assert.ok(history.statistics().flushes > 10, `${history.statistics().flushes} flushes`);
  assert.ok(answers > 5, `${answers} answers`);
  assert.equal(history.statistics().storedRows, 6000);
});

test('a caller that goes on when asked to wait is stopped before memory is full', async () => {
  const history = await start({ sealBytes: 10_000 });
  const records = encodeAll(Array.from({ length: 3000 }, (_, i) => drive(1, i, i)));
  assert.throws(() => {
    for (let i = 0; i < records.length; i += 10) history.apply(makeBatch(records, i, i + 10));
  }, /not yet stored/);
  assert.equal(history.statistics().sealedTables, 2);
  await history.ready();
  history.apply(makeBatch(records, 0, 10));
});

test('a table is sealed at its age, and live hears of it', async () => {
  const clock = makeManualClock(startMs);
  const history = await start({ clock, sealAgeMs: 60_000 });
  let seals = 0;
  history.onSeal(() => void seals++);
  history.apply(makeBatch(encodeAll([drive(1, 0, 1), drive(1, 1, 2)]), 0, 2));
  clock.advance(59_000);
  assert.equal(seals, 0);
  clock.advance(7_000);
  assert.equal(seals, 1);
  await history.flush();
  assert.equal(history.appliedOffset(0), 20);
});

test('steps hold min, max, mean, last and count, aligned to multiples of the step', async () => {
  const history = await start();
  const text: TestReport = { ...drive(1, 70, 0), samples: [{ time: startMs + 70_000, values: [[fault, '["P0420"]']] }] };
  const reports = [drive(1, 0, 10), drive(1, 10, 30), drive(1, 50, 20), text, drive(1, 61, 5)];
  history.apply(makeBatch(encodeAll(reports), 0, reports.length));
  for (const isFlushed of [false, true]) {
    if (isFlushed) await history.flush();
    const query = { vehicleNo: 1, signals: [speed, fault], stepMs: 60_000, ...wholeDay };
    const { times, steps } = await history.query(everything, query);
    assert.deepEqual([...times], [startMs, startMs + 60_000]);
    const [speeds, faults] = steps ?? [];
    assert.ok(speeds && 'min' in speeds && faults && 'texts' in faults);
    const columns = [speeds.min, speeds.max, speeds.mean, speeds.last, speeds.count].map((column) => [...column]);
    assert.deepEqual(columns, [
      [10, 5],
      [30, 5],
      [20, 5],
      [20, 5],
      [3, 1],
    ]);
    assert.deepEqual(
      [faults.texts, [...faults.count]],
      [
        [null, '["P0420"]'],
        [0, 1],
      ],
    );
    const first = await history.query(everything, { ...query, rowsMax: 1 });
    assert.equal(first.nextFromMs, startMs + 60_000);
    assert.equal(first.times.length, 1);
  }
});

test('a scope cuts periods and forbids vehicles and groups', async () => {
  const history = await start();
  history.apply(makeBatch(encodeAll(Array.from({ length: 10 }, (_, i) => drive(1, i, i))), 0, 10));
  await history.flush();
  const query = { vehicleNo: 1, signals: [speed], ...wholeDay };
  const periods = [
    { fromMs: startMs + 2000, toMs: startMs + 4000 },
    { fromMs: startMs + 8000, toMs: null },
  ];
  assert.deepEqual(numbersOf(await history.query(scopeWith({ periods: () => periods }), query)), [2, 3, 8, 9]);
  assert.deepEqual(numbersOf(await history.query(scopeWith({ periods: () => [] }), query)), []);
  const refused = [scopeWith({ allowsVehicle: () => false }), scopeWith({ allowsGroup: () => false })];
  for (const scope of refused) {
    await assert.rejects(
      history.query(scope, query),
      (error: unknown) => error instanceof CallerError && error.code === 'forbidden',
    );
  }
  await assert.rejects(history.query(everything, { ...query, signals: [77] }), /signals is 77/);
  await assert.rejects(history.query(everything, { ...query, toMs: query.fromMs }), /to is/);
});

const change = (vehicleNo: number, at: number, to: StatusChange['to']): StatusChange => ({
  vehicleNo,
  at: startMs + at,
  from: to === 'online' ? 'offline' : 'online',
  to,
  reason: to === 'online' ? 'none' : 'silent',
});

test('the status timeline joins memory and files, newest first, each change once, by pages', async () => {
  const history = await start();
  history.apply(makeBatch(encodeAll([drive(1, 0, 0)]), 0, 1));
  const early = [
    change(1, 0, 'online'),
    change(2, 0, 'online'),
    change(1, 500, 'offline'),
    change(3, -40 * 86_400_000, 'online'),
  ];
  history.applyStatus(early);
  await history.flush();
  const late = [change(1, 500, 'offline'), change(1, 900, 'online'), change(2, 900, 'offline')];
  history.applyStatus(late);
  const query = { vehicleNos: null, fromMs: startMs - 50 * 86_400_000, toMs: startMs + 10_000, limit: 10 };
  const all = [
    change(1, 900, 'online'),
    change(2, 900, 'offline'),
    change(1, 500, 'offline'),
    change(1, 0, 'online'),
    change(2, 0, 'online'),
    early[3],
  ];
  assert.deepEqual(await history.status(everything, query), all);
  assert.deepEqual(await history.status(everything, { ...query, to: 'offline' }), [all[1], all[2]]);
  assert.deepEqual(await history.status(everything, { ...query, vehicleNos: [2, 3] }), [all[1], all[4], all[5]]);
  const pages: StatusChange[] = [];
  for (let after: { at: number; vehicleNo: number } | undefined; ; ) {
    const page = await history.status(everything, { ...query, limit: 2, ...(after ? { after } : {}) });
    pages.push(...page);
    const last = page.at(-1);
    if (!last) break;
    after = { at: last.at, vehicleNo: last.vehicleNo };
  }
  assert.deepEqual(pages, all);
  const onlyTwo = scopeWith({ allowsVehicle: (vehicleNo) => vehicleNo === 2 });
  assert.deepEqual(await history.status(onlyTwo, { ...query, limit: 1 }), [all[1]]);
  await assert.rejects(history.status(onlyTwo, { ...query, vehicleNos: [1] }), /may not be read/);
});

test('findRecent knows values until they are stored: the first one, by original time and device', async () => {
  const history = await start();
  const moved: TestReport = {
    ...drive(1, 5, 0),
    samples: [{ time: startMs + 5000, original: startMs + 900_000, values: [[fault, 'x']] }],
  };
  const reports = [drive(1, 0, 10), drive(1, 0, 11), { ...drive(1, 0, 12), deviceNo: 2 }, moved, drive(2, 0, 5)];
  history.apply(makeBatch(encodeAll(reports), 0, reports.length));
  assert.equal(history.findRecent(1, 1, speed, startMs), 10);
  assert.equal(history.findRecent(1, 2, speed, startMs), 12);
  assert.equal(history.findRecent(1, 1, fault, startMs + 900_000), 'x');
  assert.equal(history.findRecent(1, 1, fault, startMs + 5000), undefined);
  assert.equal(history.findRecent(1, 1, speed, startMs + 1), undefined);
  assert.equal(history.findRecent(3, 1, speed, startMs), undefined);
  await history.flush();
  assert.equal(history.findRecent(1, 1, speed, startMs), undefined);
  assert.equal(history.statistics().conflictsAtMerge, 1);
});

test('months that ended are dropped, others stay', async () => {
  const history = await start();
  const old: TestReport = { ...drive(1, 0, 1), samples: [{ time: Date.UTC(2026, 7, 5), values: [[speed, 99]] }] };
  history.apply(makeBatch(encodeAll([old, drive(1, 0, 1)]), 0, 2));
  await history.flush();
  const query = { vehicleNo: 1, signals: [speed], fromMs: 0, toMs: startMs + 1, rowsMax: 10 };
  assert.deepEqual(numbersOf(await history.query(everything, query)), [99, 1]);
  await history.dropBefore(Date.UTC(2026, 8, 1) - 1);
  assert.deepEqual(numbersOf(await history.query(everything, query)), [99, 1]);
  await history.dropBefore(Date.UTC(2026, 8, 1));
  assert.deepEqual(numbersOf(await history.query(everything, query)), [1]);
  assert.equal(history.statistics().storedRows, 1);
});

test('what is hidden is gone from every answer at once, from memory and chunks, and does not return with what arrives later', async () => {
  const history = await start();
  const day = 86_400_000;
  const all = [drive(1, 0, 10), drive(1, 1, 11), drive(1, 2, 12), drive(2, 1, 21), drive(1, 1, 99)];
  all.push({
    ...drive(1, 3, 0),
    samples: [
      {
        time: startMs - 40 * day,
        values: [
          [speed, 7],
          [fault, 'x'],
        ],
      },
    ],
  });
  const records = encodeAll(all);
  history.apply(makeBatch(records, 0, 4));
  history.applyStatus([change(1, 1000, 'online'), change(1, 5000, 'offline')]);
  await history.setHiding({
    standard: { retentionMs: 100 * day, byGroup: { motion: 30 * day } },
    byVehicle: new Map(),
    erased: [{ vehicleNo: 1, fromMs: startMs + 1000, toMs: startMs + 2000 }],
  });
  const period = { fromMs: startMs - 50 * day, toMs: startMs + day, rowsMax: 100 };
  const look = async (): Promise<unknown> => {
    const one = await history.query(everything, { vehicleNo: 1, signals: [speed, fault], ...period });
    const other = await history.query(everything, { vehicleNo: 2, signals: [speed], ...period });
    const status = await history.status(everything, { vehicleNos: [1], fromMs: 0, toMs: startMs + day, limit: 10 });
    return {
      one: numbersOf(one),
      faults: one.raw?.[1]?.texts ?? [],
      other: numbersOf(other),
      status: status.map(({ at }) => at - startMs),
    };
  };
  const before = { one: [10, 12], faults: [], other: [21], status: [5000] };
  assert.deepEqual(await look(), before);
  assert.equal(history.findRecent(1, 1, speed, startMs + 1000), undefined);
  await history.flush();
  assert.deepEqual(await look(), before);
  history.apply(makeBatch(records, 4, 6));
  const after = { one: [Number.NaN, 10, 12], faults: ['x', null, null], other: [21], status: [5000] };
  assert.deepEqual(await look(), after);
  await history.flush();
  assert.deepEqual(await look(), after);
});

test('merges run in the background when they are due, and every answer stays the same', async () => {
  const clock = makeManualClock(startMs);
  const history = await start({ clock });
  const records = encodeAll(Array.from({ length: 1200 }, (_, i) => drive(1, i, i)));
  for (let from = 0; from < 1200; from += 300) {
    history.apply(makeBatch(records, from, from + 300));
    await history.flush();
  }
  assert.equal(history.statistics().storedChunks, 4);
  clock.advance(60_000);
  while (history.statistics().merges === 0) await nextTurn();
  assert.deepEqual([history.statistics().storedChunks, history.statistics().storedRows], [2, 1200]);
  const values = numbersOf(await history.query(everything, { vehicleNo: 1, signals: [speed], ...wholeDay }));
  assert.deepEqual(
    values,
    Array.from({ length: 1200 }, (_, i) => i),
  );
  await history.merge();
  assert.equal(history.statistics().merges, 1);
});

test('a flush that fails is told, kept in memory, and tried again', async () => {
  const clock = makeManualClock(startMs);
  const history = await start({ clock });
  await rm(folder, { recursive: true });
  history.apply(makeBatch(encodeAll([drive(1, 0, 1)]), 0, 1));
  await assert.rejects(history.flush());
  assert.equal(history.statistics().flushFailures, 1);
  assert.equal(history.statistics().sealedTables, 1);
  assert.equal(history.findRecent(1, 1, speed, startMs), 1);
});

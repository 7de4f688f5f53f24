import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { ReadScope } from '../../events/index.ts';
import { makeManualClock, silentLogger } from '../../kernel/index.ts';
import { SqliteKeyframeStore } from '../adapters/sqlite/index.ts';
import type { HidingRules } from '../hidden-values.ts';
import { openHistory, type ThreadedHistory } from '../open-history.ts';
import { encodeTestReport, makeBatch } from '../test-support.ts';
import { everythingScope, scopeWith } from './test-scope.ts';
import { keyframeEveryMs } from './limits.ts';

const gridMs = keyframeEveryMs * 5_986_000;
const minuteMs = 60_000;
const latitude = 3;
const fault = 60;
const signals = [latitude, fault];
const day = 86_400_000;
const keepAll: HidingRules = { standard: { retentionMs: 3650 * day }, byVehicle: new Map(), erased: [] };

let folder: string;
let clock: ReturnType<typeof makeManualClock>;
let history: ThreadedHistory;
let warnings: string[];
let records: Uint8Array[];

const open = async (): Promise<ThreadedHistory> =>
  openHistory({
    store: { adapterModule: new URL('../adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock,
    logger: { ...silentLogger, warn: (message) => warnings.push(message) },
    consentGroupOf: (signalNumber) => (signalNumber === latitude ? 'position' : signalNumber === fault ? 'warnings' : undefined),
    failed: (error) => {
      throw error;
    },
    fleet: { signals, keyframeRetentionMs: 2 * 3_600_000 },
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyframes-'));
  clock = makeManualClock(gridMs);
  warnings = [];
  records = [];
  history = await open();
});
afterEach(async () => {
  await history.abandon();
  await rm(folder, { recursive: true, force: true });
});

const say = (vehicleNo: number, timeMs: number, text: string, degrees = 52): void => {
  const values = [
    [latitude, degrees * 1e7],
    [fault, text],
  ] as const;
  records.push(encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: clock.now(), samples: [{ time: timeMs, values }] }));
  history.apply(makeBatch(records, records.length - 1, records.length));
};

/** Vehicles 1 … 3 say something each minute for a quarter of an hour; three keyframes are made of it. */
const drive = async (): Promise<void> => {
  for (let minute = 0; minute < 15; minute++) {
    for (const vehicleNo of [1, 2, 3]) say(vehicleNo, clock.now(), `word of ${vehicleNo} in minute ${minute}`);
    clock.advance(minuteMs);
  }
  await history.flush();
  await history.makeKeyframes();
};

const textAt = async (vehicleNo: number, atMs: number, scope: ReadScope = everythingScope) => {
  const moment = await history.fleetAt(scope, { vehicleNos: [vehicleNo], atMs, rankOf: () => 0 });
  return { text: moment.value(0, fault)?.stored, keyframeMs: moment.keyframeMs, degrees: moment.value(0, latitude)?.stored };
};
const keyframesOf = (): SqliteKeyframeStore =>
  new SqliteKeyframeStore({ folder: join(folder, 'keyframes'), signals: signals.join(' ') });
const isInFiles = (text: string): boolean =>
  readdirSync(join(folder, 'keyframes')).some((name) => readFileSync(join(folder, 'keyframes', name)).includes(text));

test('keyframes are made on whole five minutes when what is received two minutes later is in chunks', async () => {
  await drive();
  const store = keyframesOf();
  assert.deepEqual(
    store.list(0, gridMs * 2).map(({ atMs, vehicles }) => [(atMs - gridMs) / minuteMs, vehicles]),
    [
      [0, 3],
      [5, 3],
      [10, 3],
    ],
  );
  store.close();
  assert.deepEqual(await textAt(2, gridMs + 10 * minuteMs - 1), {
    text: 'word of 2 in minute 9',
    keyframeMs: gridMs + 5 * minuteMs,
    degrees: 52e7,
  });
});

test('what was erased is hidden at once, and the files no longer hold it when the sweep is over', async () => {
  await drive();
  const atMs = gridMs + 10 * minuteMs + 5000;
  const secret = 'word of 2 in minute 10';
  assert.equal((await textAt(2, atMs)).text, secret);
  const erased = [{ vehicleNo: 2, fromMs: gridMs + 4 * minuteMs, toMs: gridMs + 12 * minuteMs }];
  const hiding = history.setHiding({ ...keepAll, erased });
  assert.equal((await textAt(2, atMs)).text, 'word of 2 in minute 3');
  await hiding;
  await history.makeKeyframes();
  assert.equal((await textAt(2, atMs)).text, 'word of 2 in minute 3');
  assert.equal((await textAt(3, atMs)).text, 'word of 3 in minute 10');
  await history.close();
  assert.equal(isInFiles(secret), false);
  assert.equal(isInFiles('word of 3 in minute 10'), true);
  history = await open();
  // Said again later it is hidden too.
  await history.setHiding({ ...keepAll, erased });
  say(2, gridMs + 8 * minuteMs, 'said again');
  await history.flush();
  assert.equal((await textAt(2, atMs)).text, 'word of 2 in minute 3');
});

test('a damaged keyframe is passed over, said, and made anew', async () => {
  await drive();
  const atMs = gridMs + 10 * minuteMs + 5000;
  const name = readdirSync(join(folder, 'keyframes')).find((one) => one.endsWith('.sqlite')) as string;
  const db = new DatabaseSync(join(folder, 'keyframes', name));
  const page = db.prepare('SELECT id, bytes FROM page ORDER BY id DESC LIMIT 1').get() as { id: number; bytes: Uint8Array };
  page.bytes[40] = (page.bytes[40] as number) ^ 4;
  db.prepare('UPDATE page SET bytes = ? WHERE id = ?').run(page.bytes, page.id);
  db.close();
  const expected = { text: 'word of 1 in minute 10', degrees: 52e7 };
  assert.deepEqual(await textAt(1, atMs), { ...expected, keyframeMs: gridMs + 5 * minuteMs });
  assert.match(warnings.join(), /keyframe of .* cannot be read and is made anew/);
  await history.makeKeyframes();
  assert.deepEqual(await textAt(1, atMs), { ...expected, keyframeMs: gridMs + 10 * minuteMs });
});

test('a keyframe that many late vehicles touch is made anew when it is twice as old', async () => {
  await drive();
  for (let vehicleNo = 1; vehicleNo <= 100; vehicleNo++) say(vehicleNo, gridMs + 9 * minuteMs + 7, `late word of ${vehicleNo}`);
  await history.flush();
  const lateOf = (): number[] => {
    const store = keyframesOf();
    const late = store.list(0, gridMs * 2).map(({ lateVehicles }) => lateVehicles);
    store.close();
    return late;
  };
  assert.deepEqual(lateOf(), [0, 0, 100]);
  const atMs = gridMs + 10 * minuteMs - 1;
  assert.equal((await textAt(77, atMs + 2)).text, 'late word of 77');
  // Half an hour later all of them are twice as old.
  for (let minute = 0; minute < 31; minute++) clock.advance(minuteMs);
  await history.makeKeyframes();
  assert.deepEqual(lateOf(), [0, 0, 0]);
  assert.equal((await textAt(77, atMs + 2)).text, 'late word of 77');
  assert.equal((await textAt(77, gridMs + 9 * minuteMs)).text, undefined);
});

test('keyframes are removed with their day when they are too old', async () => {
  await drive();
  assert.equal(readdirSync(join(folder, 'keyframes')).filter((name) => name.endsWith('.sqlite')).length, 1);
  clock.advance(2 * day);
  await history.makeKeyframes();
  const moment = await textAt(1, gridMs + 10 * minuteMs + 5000);
  assert.deepEqual(moment, { text: 'word of 1 in minute 10', degrees: 52e7, keyframeMs: null });
});

test('keyframes move with the store, and what is late afterwards is known of them', async () => {
  await drive();
  const atMs = gridMs + 10 * minuteMs + 5000;
  assert.equal((await textAt(1, atMs)).text, 'word of 1 in minute 10');
  const moved = `${folder}-moved`;
  const making = history.makeKeyframes();
  await history.moveStore({ folder: moved }, () => rename(folder, moved));
  await making;
  folder = moved;
  assert.deepEqual(await textAt(1, atMs), { text: 'word of 1 in minute 10', keyframeMs: gridMs + 10 * minuteMs, degrees: 52e7 });
  say(1, gridMs + 10 * minuteMs - 1, 'said late');
  say(1, clock.now(), 'said now');
  await history.flush();
  assert.equal((await textAt(1, gridMs + 10 * minuteMs - 1)).text, 'said late');
  for (let minute = 0; minute < 5; minute++) clock.advance(minuteMs);
  say(1, clock.now(), 'said at last');
  await history.flush();
  await history.makeKeyframes();
  assert.equal((await textAt(1, gridMs + 16 * minuteMs)).keyframeMs, gridMs + 15 * minuteMs);
});

test('what a scope does not show does not come from a keyframe either', async () => {
  await drive();
  const atMs = gridMs + 10 * minuteMs + 5000;
  const until = (toMs: number): ReadScope => scopeWith({ periods: () => [{ fromMs: gridMs, toMs }] });
  const vehicleNos = [1, 2];
  const others = await history.fleetAt(scopeWith({ allowsVehicle: (vehicleNo) => vehicleNo !== 1 }), {
    vehicleNos,
    atMs,
    rankOf: () => 0,
  });
  assert.deepEqual([...others.vehicleNos], [2]);
  // Who may not see the moment learns nothing, also not what was known from before.
  const ended = await history.fleetAt(until(atMs), { vehicleNos, atMs, rankOf: () => 0 });
  assert.equal(ended.vehicleNos.length, 0);
  assert.equal((await textAt(1, atMs, until(atMs + 1))).text, 'word of 1 in minute 10');
  const from = scopeWith({ periods: () => [{ fromMs: atMs - 1000, toMs: null }] });
  assert.equal((await textAt(1, atMs, from)).text, undefined);
  const noPosition = scopeWith({ allowsGroup: (_, group) => group !== 'position' });
  assert.deepEqual(await textAt(1, atMs, noPosition), {
    text: 'word of 1 in minute 10',
    keyframeMs: gridMs + 10 * minuteMs,
    degrees: undefined,
  });
  say(1, clock.now(), 'exactly', 52.123456);
  const coarse = scopeWith({ precision: () => 'about1km' });
  const degreesPerUnit = 1e7;
  assert.equal((await textAt(1, clock.now(), coarse)).degrees, 52.125 * degreesPerUnit);
});

test('a value past its retention is not shown, nor is one before it', async () => {
  await drive();
  const atMs = gridMs + 10 * minuteMs + 5000;
  const rule = { retentionMs: 3650 * day, byGroup: { warnings: 3 * minuteMs } };
  await history.setHiding({ ...keepAll, byVehicle: new Map([[2, rule]]) });
  assert.deepEqual(await textAt(2, atMs), { text: undefined, degrees: 52e7, keyframeMs: gridMs + 10 * minuteMs });
  assert.equal((await textAt(3, atMs)).text, 'word of 3 in minute 10');
});

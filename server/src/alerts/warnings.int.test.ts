import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { WarningCode } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';
import { makeManualClock, silentLogger, systemClock } from '../kernel/index.ts';
import { openRegistry, type Registry } from '../registry/index.ts';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { openErasures } from '../erasure/index.ts';
import { sql } from 'kysely';
import { warningLimits } from './limits.ts';
import { openWarnings } from './read-warnings.ts';
import type { SeenWarning, WarningChange, WarningFilters, WarningPlace, WarningRecord, Warnings } from './types.ts';
import { WarningWriter, type WriterOptions } from './write-warnings.ts';

const startMs = 1_790_000_000_000;
const dayMs = 86_400_000;
const { clearHoldMs, returnWithinMs, ringWithinMs } = warningLimits;
const scope = operatorScope(nothingPrivate);

let test_: TestStorage;
let storage: Storage;
let registry: Registry;
let vehicleNos: readonly number[];
let warnings: Warnings;
let clock: ReturnType<typeof makeManualClock>;
/** What the latest values say, by vehicle: as `live` would. */
let seen: Map<number, SeenWarning[]>;

before(async () => {
  test_ = await openTestStorage('warnings');
  ({ storage } = test_);
  registry = await openRegistry({ storage, pepper: Buffer.alloc(32, 1), clock: systemClock, logger: silentLogger });
  const made = [];
  for (const [n, customer] of ['Atlas', 'Atlas', 'Demo'].entries())
    made.push(await registry.createVehicle({ vin: `WVWZZZ1JZ0000000${n}`, customer, plate: `VAN ${n}` }));
  vehicleNos = made.map(({ vehicleNo }) => vehicleNo);
  warnings = await openWarnings({
    storage,
    groupOf: () => 'tires',
    isHidden: () => false,
    clock: systemClock,
    logger: silentLogger,
  });
});
after(async () => {
  await warnings?.close();
  await registry?.close();
  await test_?.close();
});
beforeEach(async () => {
  clock = makeManualClock(startMs);
  seen = new Map();
  await storage.withActor(systemActor('test'), async (tx) => {
    await sql`delete from warnings`.execute(tx);
  });
});

const openWriter = async (options: Partial<WriterOptions> = {}): Promise<WarningWriter> => {
  const writer = new WarningWriter({
    storage,
    source: {
      active: (vehicleNo) => seen.get(vehicleNo) ?? [],
      lookedAt: () => clock.now(),
      vehicles: () => vehicleNos,
    },
    owns: () => true,
    keptFromMs: (_vehicleNo, _code, nowMs) => nowMs - 30 * dayMs,
    keptByAllFromMs: (nowMs) => nowMs - 30 * dayMs,
    clock,
    logger: silentLogger,
    ...options,
  });
  await writer.load();
  await writer.flush();
  return writer;
};

const low = (timeMs = clock.now(), wheels = [2]): SeenWarning => ({
  code: 'tire_pressure_low',
  severity: 'warning',
  detail: { wheels },
  timeMs,
});
const broken = (timeMs = clock.now()): SeenWarning => ({ code: 'broken_down', severity: 'critical', detail: {}, timeMs });

/** The latest values of a vehicle say something else, and a writer looks. */
const see = async (writer: WarningWriter, vehicle: number, ...now: SeenWarning[]): Promise<void> => {
  const vehicleNo = vehicleNos[vehicle] as number;
  seen.set(vehicleNo, now);
  writer.touch(vehicleNo);
  await writer.flush();
};
const pass = async (writer: WarningWriter, ms: number): Promise<void> => {
  clock.advance(ms);
  await writer.flush();
};
const list = async (filters: WarningFilters = {}): Promise<readonly WarningRecord[]> =>
  (await warnings.list(scope, filters, { limit: 100 })).items;
const told = async (filters: WarningFilters = {}) =>
  (await list(filters)).map(({ vehicleNo, code, raisedMs, endedMs, times }) => [
    vehicleNos.indexOf(vehicleNo),
    code,
    raisedMs - startMs,
    endedMs === null ? null : endedMs - startMs,
    times,
  ]);

test('a warning is a row when it is raised, ends when it is gone, and goes on when it comes again soon', async () => {
  const writer = await openWriter();
  await see(writer, 0, low());
  await see(writer, 0, low());
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, null, 1]]);
  clock.advance(5000);
  await see(writer, 0);
  await pass(writer, clearHoldMs - 1);
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, null, 1]]);
  await pass(writer, 1);
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, 5000, 1]]);
  clock.advance(60_000);
  await see(writer, 0, low(clock.now(), [2, 3]));
  const [again] = await list();
  assert.deepEqual([again?.raisedMs, again?.endedMs, again?.times, again?.detail], [startMs, null, 2, { wheels: [2, 3] }]);
  await see(writer, 0);
  await pass(writer, clearHoldMs);
  await pass(writer, returnWithinMs);
  await see(writer, 0, low());
  assert.equal((await list()).length, 2, 'a new one');
});

test('a restart neither rings again nor keeps what has gone meanwhile', async () => {
  const first = await openWriter();
  await see(first, 0, low(), broken());
  await see(first, 1, broken());
  const written = await list();
  await first.close();

  clock.advance(60_000);
  seen.set(vehicleNos[0] as number, [low(startMs)]);
  seen.set(vehicleNos[1] as number, []);
  seen.set(vehicleNos[2] as number, [broken()]);
  const second = await openWriter();
  assert.deepEqual((await list()).slice(1), written, 'what is active goes on as it is');
  await pass(second, clearHoldMs);
  assert.deepEqual(await told(), [
    [2, 'broken_down', 60_000, null, 1],
    [1, 'broken_down', 0, 60_000, 1],
    [0, 'broken_down', 0, 60_000, 1],
    [0, 'tire_pressure_low', 0, null, 1],
  ]);
});

test('what is told late is noted at its time and does not ring', async () => {
  const writer = await openWriter();
  await see(writer, 0, low(startMs - ringWithinMs - 1));
  const [old] = await list();
  assert.deepEqual([old?.raisedMs, old?.rangMs], [startMs - ringWithinMs - 1, null]);
  assert.equal((await warnings.counts(scope)).unseen, 0);
  await see(writer, 1, low(startMs - 1000));
  assert.equal((await warnings.counts(scope)).unseen, 1);
});

test('two writers of one vehicle make one row', async () => {
  const [first, second] = [await openWriter(), await openWriter()];
  seen.set(vehicleNos[0] as number, [low()]);
  for (const writer of [first, second]) writer.touch(vehicleNos[0] as number);
  await Promise.all([first.flush(), second.flush()]);
  // One of the two may have been refused by the index: it tries again.
  await Promise.all([first.flush(), second.flush()]);
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, null, 1]]);
  clock.advance(1000);
  seen.set(vehicleNos[0] as number, []);
  for (const writer of [first, second]) writer.touch(vehicleNos[0] as number);
  for (let turn = 0; turn < 2; turn++) {
    await Promise.all([first.flush(), second.flush()]);
    clock.advance(clearHoldMs);
  }
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, 1000, 1]]);
});

test('a writer leaves vehicles of others alone', async () => {
  const owner = await openWriter({ owns: (vehicleNo) => vehicleNo === vehicleNos[0] });
  await see(owner, 0, low());
  await owner.close();
  seen.clear();
  const other = await openWriter({ owns: (vehicleNo) => vehicleNo === vehicleNos[1] });
  await pass(other, clearHoldMs);
  await pass(other, clearHoldMs);
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, null, 1]]);
});

test('what cannot be written is written later, once', async () => {
  let isAway = false;
  const flaky: Storage = {
    ...storage,
    withActor: (actor, run) => (isAway ? Promise.reject(new Error('away')) : storage.withActor(actor, run)),
  };
  const writer = await openWriter({ storage: flaky });
  isAway = true;
  await see(writer, 0, low());
  await pass(writer, 1000);
  assert.deepEqual(await told(), []);
  isAway = false;
  await pass(writer, 1000);
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 0, null, 1]]);
});

test('every process hears what any of them writes, in order', async () => {
  const heard: WarningChange[] = [];
  let outdated = 0;
  const stop = warnings.listen({ changed: (changes) => heard.push(...changes), outdated: () => outdated++ });
  const writer = await openWriter();
  await see(writer, 0, low());
  await see(writer, 1, broken());
  await see(writer, 0);
  await pass(writer, clearHoldMs);
  await until('three changes', () => heard.length === 3);
  assert.deepEqual(
    heard.map(({ change, warning }) => [change, warning.code]),
    [
      ['raised', 'tire_pressure_low'],
      ['raised', 'broken_down'],
      ['ended', 'tire_pressure_low'],
    ],
  );
  await warnings.see(scope, startMs);
  await until('the others ask again', () => outdated > 0);
  stop();
});

test('the list is filtered, newest first, and its pages join', async () => {
  const writer = await openWriter();
  for (const vehicle of [0, 1, 2]) {
    clock.advance(1000);
    await see(writer, vehicle, low(), broken());
  }
  await see(writer, 0);
  await pass(writer, clearHoldMs);
  const of = async (filters: WarningFilters): Promise<(number | string)[]> =>
    (await list(filters)).map(({ vehicleNo, code }) => `${vehicleNos.indexOf(vehicleNo)} ${code[0]}`);
  assert.deepEqual(await of({ state: 'ended' }), ['0 b', '0 t']);
  assert.deepEqual(await of({ state: 'open', severities: ['critical'] }), ['2 b', '1 b']);
  assert.deepEqual(await of({ code: 'tire_pressure_low', q: 'atl van' }), ['1 t', '0 t']);
  assert.deepEqual(await of({ q: '%' }), []);
  const demo = [...registry.directory.customers()].find(({ name }) => name === 'Demo');
  assert.deepEqual(await of({ customerNo: demo?.customerNo }), ['2 b', '2 t']);
  assert.deepEqual(await of({ vehicleNo: vehicleNos[1] }), ['1 b', '1 t']);
  assert.deepEqual(
    await of({ fromMs: startMs + 3001, toMs: startMs + 3002, vehicleNo: vehicleNos[0] }),
    [],
    'it had ended by then',
  );
  assert.deepEqual(await of({ fromMs: startMs + 1500, toMs: startMs + 1501 }), ['0 b', '0 t'], 'it was active then');
  const pages: WarningRecord[] = [];
  for (let place: WarningPlace | null | undefined; place !== null; ) {
    const page = await warnings.list(scope, {}, { limit: 2, ...(place ? { after: place } : {}) });
    assert.equal(page.items.length, 2);
    pages.push(...page.items);
    place = page.next;
  }
  assert.deepEqual(pages, await list());
});

test('a scope shows its vehicles, groups and periods alone', async () => {
  const writer = await openWriter();
  await see(writer, 0, low());
  await see(writer, 1, low());
  const only = (changes: Partial<ReadScope>): ReadScope => ({ ...scope, ...changes });
  const seenBy = async (changes: Partial<ReadScope>) => {
    const { items, next } = await warnings.list(only(changes), {}, { limit: 1 });
    return [
      items.map(({ vehicleNo }) => vehicleNos.indexOf(vehicleNo)),
      next,
      (await warnings.counts(only(changes))).open.warning,
    ];
  };
  assert.deepEqual(await seenBy({ allowsVehicle: (vehicleNo) => vehicleNo === vehicleNos[0] }), [[0], null, 1]);
  assert.deepEqual(await seenBy({ allowsGroup: (_vehicleNo, group) => group !== 'tires' }), [[], null, 0]);
  assert.deepEqual(await seenBy({ periods: () => [{ fromMs: startMs + 1, toMs: null }] }), [[], null, 0]);
});

test('who has looked is told of what rang since, and never goes back', async () => {
  const writer = await openWriter();
  await see(writer, 0, low());
  clock.advance(1000);
  await see(writer, 1, broken());
  const reader = { ...scope, reader: 'somebody' };
  const unseen = async (): Promise<number> => (await warnings.counts(reader)).unseen;
  assert.equal(await unseen(), 2);
  await warnings.see(reader, startMs);
  assert.equal(await unseen(), 1);
  await warnings.see(reader, startMs + 1000);
  await warnings.see(reader, startMs);
  assert.equal(await unseen(), 0);
  assert.equal((await warnings.counts({ ...scope, reader: 'another' })).unseen, 2, 'everybody looks for themselves');
});

test('what is erased or too old goes', async () => {
  const erasures = await openErasures({
    storage,
    registry,
    file: `${test_.folder}/erasures.ndjson`,
    clock: systemClock,
    logger: silentLogger,
  });
  const writer = await openWriter();
  await see(writer, 0, low());
  await see(writer, 1, low());
  clock.advance(5000);
  await see(writer, 1);
  await pass(writer, clearHoldMs);
  const idOf = (vehicle: number): string => registry.directory.vehicleByNo(vehicleNos[vehicle] as number)?.id ?? '';
  await erasures.erase({ vehicleId: idOf(0), fromMs: startMs - 1, toMs: startMs + 1 });
  await erasures.erase({ vehicleId: idOf(1), fromMs: startMs + 4000, toMs: startMs + 6000 });
  seen.set(vehicleNos[0] as number, [low(startMs + 2000)]);
  await writer.erase();
  assert.deepEqual(await told(), [[1, 'tire_pressure_low', 0, 4000, 1]]);
  await writer.flush();
  assert.deepEqual(await told(), [
    [0, 'tire_pressure_low', 2000, null, 1],
    [1, 'tire_pressure_low', 0, 4000, 1],
  ]);
  await pass(writer, 31 * dayMs);
  await writer.removeOld();
  assert.deepEqual(await told(), [[0, 'tire_pressure_low', 2000, null, 1]], 'what is active stays');
  await erasures.close();
});

test('ten thousand warnings are written in a moment', async () => {
  const codes: WarningCode[] = ['abs_fault', 'brake_lamp', 'airbag_lamp'];
  const many = Array.from({ length: 3334 }, (_, n) => n + 1000);
  await storage.withActor(systemActor('test'), async (tx) => {
    await sql`insert into vehicles (vehicle_no, id, vin, vin_check_digit_valid, customer_no, created_at) overriding system value
      select n, 'veh_many' || n, 'W' || lpad(n::text, 16, '0'), false, 1, now() from generate_series(1000, 4333) n`.execute(tx);
  });
  const all = codes.map((code) => ({ code, severity: 'warning' as const, detail: {}, timeMs: startMs }));
  for (const vehicleNo of many) seen.set(vehicleNo, all);
  const writer = await openWriter({
    source: { active: (vehicleNo) => seen.get(vehicleNo) ?? [], lookedAt: () => clock.now(), vehicles: () => many },
  });
  await writer.close();
  const { open, unseen } = await warnings.counts({ ...scope, reader: 'many' });
  assert.equal(open.warning, many.length * codes.length);
  assert.equal(unseen, 1000, 'counted up to a limit');
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sql } from 'kysely';
import { CallerError, makeManualClock, silentLogger } from '../../kernel/index.ts';
import { systemActor } from '../../storage/index.ts';
import { openTestStorage, type TestStorage } from '../../storage/testing/test-storage.ts';
import { openRegistry } from '../open-registry.ts';
import type { Registry, Vehicle } from '../types.ts';
import type { Driver, DriverLine } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const hourMs = 3_600_000;
const forever = Number.POSITIVE_INFINITY;
const beginning = Number.NEGATIVE_INFINITY;

describe('drivers', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  let test: TestStorage;
  let registry: Registry;
  let other: Registry;
  let count = 0;
  let van: Vehicle;
  let truck: Vehicle;
  let ana: Driver;
  let ben: Driver;

  before(async () => {
    test = await openTestStorage('drivers');
    const open = async (): Promise<Registry> => {
      const storage = await test.openAnother();
      return openRegistry({ storage, pepper: Buffer.alloc(32, 1), clock, logger: silentLogger });
    };
    [registry, other] = [await open(), await open()];
  });
  after(async () => {
    await registry.close();
    await other.close();
    await test.close();
  });
  beforeEach(async () => {
    count++;
    const vehicle = (plate: string) =>
      registry.createVehicle({
        vin: `WVW${plate}${String(count).padStart(13, '0')}`,
        plate: `${plate} ${count}`,
        customer: 'Acme',
      });
    van = await vehicle('V');
    truck = await vehicle('T');
    ana = await registry.drivers.create({ name: `Ana ${count}`, number: `A-${count}`, customer: 'Acme' });
    ben = await registry.drivers.create({ name: `Ben ${count}`, customer: 'Acme' });
  });

  const timesOf = (vehicle: Vehicle, of: Registry = registry) =>
    of.drivers.directory
      .assignmentsOfVehicle(vehicle.vehicleNo)
      .map(({ driverNo, fromMs, toMs }) => [of.drivers.directory.driverByNo(driverNo)?.name, fromMs, toMs]);
  const refusedAs = (code: string, words: RegExp) => (error: unknown) =>
    error instanceof CallerError && error.code === code && words.test(`${error.message} ${error.details.expected}`);

  it('are added, changed and ended; a number is given once within a customer', async () => {
    const { drivers } = registry;
    await assert.rejects(
      drivers.create({ name: 'Someone', number: `A-${count}`, customer: 'Acme' }),
      (error) => error instanceof CallerError && error.code === 'already_exists' && error.details.existingId === ana.id,
    );
    const elsewhere = await drivers.create({ name: 'Someone', number: `A-${count}`, customer: `Other ${count}` });
    assert.equal(registry.directory.customerByNo(elsewhere.customerNo)?.name, `Other ${count}`);
    await assert.rejects(drivers.change(ben.id, { number: `A-${count}` }), refusedAs('already_exists', /number/));
    await assert.rejects(drivers.change(ben.id, { name: '  ' }), refusedAs('invalid_field', /name/));
    assert.equal((await drivers.change(ben.id, { name: ' Benjamin ', number: 'B-7' })).name, 'Benjamin');
    assert.equal((await drivers.change(ben.id, { number: null })).number, null);
    await drivers.assign(van.id, { driverId: ana.id, fromMs: startMs - hourMs, toMs: forever });
    await drivers.assign(truck.id, { driverId: ben.id, fromMs: startMs + hourMs, toMs: forever });
    assert.equal((await drivers.end(ana.id)).endedAt, startMs);
    assert.equal((await drivers.end(ben.id)).endedAt, startMs);
    assert.deepEqual(timesOf(van), [[ana.name, startMs - hourMs, startMs]]);
    assert.deepEqual(timesOf(truck), [], 'what had not begun goes');
    // The number is free again.
    await drivers.create({ name: 'Successor', number: `A-${count}`, customer: 'Acme' });
  });

  it('are on one vehicle at a time, as a vehicle has one driver at a time', async () => {
    const { drivers } = registry;
    const { directory } = drivers;
    await drivers.assign(van.id, { driverId: ana.id, fromMs: beginning, toMs: forever });
    assert.equal(directory.driverAt(van.vehicleNo, 0)?.id, ana.id);
    await drivers.assign(truck.id, { driverId: ana.id, fromMs: startMs, toMs: forever });
    assert.deepEqual(timesOf(van), [[ana.name, beginning, startMs]]);
    assert.equal(directory.driverAt(van.vehicleNo, startMs - 1)?.id, ana.id);
    assert.equal(directory.driverAt(van.vehicleNo, startMs), undefined);
    assert.equal(directory.vehicleOf(ana.driverNo, startMs), truck.vehicleNo);
    await drivers.assign(truck.id, { driverId: ben.id, fromMs: startMs + hourMs, toMs: startMs + 2 * hourMs });
    assert.deepEqual(timesOf(truck), [
      [ana.name, startMs, startMs + hourMs],
      [ben.name, startMs + hourMs, startMs + 2 * hourMs],
      [ana.name, startMs + 2 * hourMs, forever],
    ]);
    const again = await drivers.assign(truck.id, { driverId: ben.id, fromMs: startMs + hourMs, toMs: startMs + 2 * hourMs });
    assert.equal(directory.assignmentsOfVehicle(truck.vehicleNo)[1]?.id, again.id, 'what is so already is answered');
    await assert.rejects(
      drivers.assign(van.id, { driverId: ben.id, fromMs: startMs, toMs: startMs + 1.5 * hourMs }),
      (error) => error instanceof CallerError && error.code === 'already_exists' && error.details.existingId === again.id,
    );
    // The database would not take it either, whoever wrote it.
    await assert.rejects(
      test.storage.withActor(systemActor('test'), (tx) =>
        sql`insert into driver_assignments values ('x', ${truck.vehicleNo}, ${ben.driverNo}, tstzrange(${new Date(startMs)}, null))`.execute(
          tx,
        ),
      ),
      /driver_assignments_vehicle_no_period_excl|conflicting key/,
    );
  });

  it('have periods that can be corrected, in the past as well, and removed', async () => {
    const { drivers } = registry;
    const first = await drivers.assign(van.id, { driverId: ana.id, fromMs: startMs - 5 * hourMs, toMs: startMs - 3 * hourMs });
    const second = await drivers.assign(van.id, { driverId: ben.id, fromMs: startMs - 3 * hourMs, toMs: forever });
    await assert.rejects(
      drivers.changeAssignment(van.id, first.id, { toMs: startMs - 2 * hourMs }),
      refusedAs('already_exists', /overlaps/),
    );
    await drivers.changeAssignment(van.id, second.id, { fromMs: startMs - 2 * hourMs });
    await drivers.changeAssignment(van.id, first.id, { fromMs: beginning, toMs: startMs - 2 * hourMs });
    await drivers.changeAssignment(van.id, second.id, { toMs: startMs });
    assert.deepEqual(timesOf(van), [
      [ana.name, beginning, startMs - 2 * hourMs],
      [ben.name, startMs - 2 * hourMs, startMs],
    ]);
    await assert.rejects(drivers.changeAssignment(van.id, first.id, { toMs: beginning }), refusedAs('invalid_field', /to/));
    await assert.rejects(drivers.removeAssignment(truck.id, first.id), refusedAs('not_found', /./));
    await drivers.removeAssignment(van.id, first.id);
    assert.equal(timesOf(van).length, 1);
    await registry.endVehicle(van.id);
    await assert.rejects(
      drivers.assign(van.id, { driverId: ana.id, fromMs: startMs, toMs: forever }),
      refusedAs('invalid_field', /had not ended/),
    );
  });

  it('have private time until they are relieved: what was private stays so', async () => {
    const { drivers } = registry;
    const { directory } = drivers;
    await drivers.assign(van.id, { driverId: ana.id, fromMs: startMs - 4 * hourMs, toMs: forever });
    await assert.rejects(
      drivers.makePrivate(van.id, { fromMs: startMs + 1, toMs: forever }),
      refusedAs('invalid_field', /not after now/),
    );
    const version = directory.privateVersion();
    await drivers.makePrivate(van.id, { fromMs: startMs - 5 * hourMs, toMs: startMs - 3 * hourMs });
    await drivers.makePrivate(van.id, { fromMs: startMs, toMs: forever });
    const periods = await drivers.makePrivate(van.id, { fromMs: startMs, toMs: forever });
    assert.equal(periods.length, 1, 'on is on');
    const told = () => directory.privatePeriods(van.vehicleNo).map(({ driverNo, fromMs, toMs }) => [driverNo, fromMs, toMs]);
    assert.deepEqual(told(), [
      [null, startMs - 5 * hourMs, startMs - 4 * hourMs],
      [ana.driverNo, startMs - 4 * hourMs, startMs - 3 * hourMs],
      [ana.driverNo, startMs, null],
    ]);
    assert.deepEqual(directory.privateChangedSince(version), [van.vehicleNo]);
    clock.advance(hourMs);
    // Who takes over an hour ago takes nothing of it back.
    await drivers.assign(van.id, { driverId: ben.id, fromMs: startMs + hourMs / 2, toMs: forever });
    assert.deepEqual(told()[2], [ana.driverNo, startMs, startMs + hourMs]);
    await drivers.makePrivate(van.id, { fromMs: startMs + hourMs, toMs: forever });
    clock.advance(hourMs);
    await drivers.endPrivate(van.id);
    await drivers.endPrivate(van.id);
    assert.deepEqual(told()[3], [ben.driverNo, startMs + hourMs, startMs + 2 * hourMs]);
    const operator = { kind: 'operator', id: 'operator' } as const;
    const { numAffectedRows } = await test.storage.withActor(operator, (tx) => sql`delete from private_periods`.execute(tx));
    assert.equal(Number(numAffectedRows ?? 0), 0);
    clock.advance(-2 * hourMs);
  });

  it('are heard of by other processes, and found by one that starts', async () => {
    await registry.drivers.assign(van.id, { driverId: ana.id, fromMs: beginning, toMs: forever });
    await registry.drivers.makePrivate(van.id, { fromMs: startMs, toMs: forever });
    await other.catchUp();
    assert.deepEqual(timesOf(van, other), timesOf(van));
    assert.equal(other.drivers.directory.privatePeriods(van.vehicleNo)[0]?.toMs, null);
    await other.drivers.endPrivate(van.id);
    await other.drivers.end(ana.id);
    await registry.catchUp();
    assert.notEqual(registry.drivers.directory.privatePeriods(van.vehicleNo)[0]?.toMs, null);
    assert.equal(registry.drivers.directory.driverById(ana.id)?.endedAt, startMs);
    const storage = await test.openAnother();
    const late = await openRegistry({ storage, pepper: Buffer.alloc(32, 1), clock, logger: silentLogger });
    assert.deepEqual(timesOf(van, late), timesOf(van));
    assert.deepEqual(
      late.drivers.directory.privatePeriods(van.vehicleNo),
      registry.drivers.directory.privatePeriods(van.vehicleNo),
    );
    await late.close();
  });

  it('come from lines: each has an outcome, a dry run stores nothing, the same lines again change nothing', async () => {
    const line = (number: number, fields: Omit<DriverLine, 'line' | 'problems'>): DriverLine => ({
      line: number,
      problems: [],
      customer: 'Acme',
      ...fields,
    });
    const lines = [
      line(2, { name: `Ana ${count}`, number: `A-${count}`, vehicle: van.vin, fromMs: startMs - 9 * hourMs }),
      line(3, { name: `Cleo ${count}`, number: `C-${count}`, vehicle: van.plate, fromMs: startMs - 5 * hourMs }),
      line(4, { name: `Cleo ${count}`, number: `C-${count}`, vehicle: truck.id.toUpperCase(), fromMs: startMs - hourMs }),
      line(5, { name: `Ben ${count}` }),
      line(6, { name: `Dora ${count}`, vehicle: 'no such' }),
      line(7, { name: '', number: 'x', vehicle: van.vin, fromMs: 5, toMs: 4 }),
      line(8, { name: `Edi ${count}`, vehicle: van.vin, fromMs: startMs - 7 * hourMs, toMs: startMs - 6 * hourMs }),
      line(9, { name: `Cleo ${count}`, number: `C-${count}`, vehicle: truck.vin, fromMs: startMs - hourMs, toMs: startMs }),
    ];
    const outcomesOf = async (isDryRun: boolean) =>
      (await registry.drivers.importLines(lines, { isDryRun })).map(({ outcome }) => outcome);
    const expected = ['made', 'made', 'made', 'found', 'wrong', 'wrong', 'wrong', 'changed'];
    assert.deepEqual(await outcomesOf(true), expected);
    assert.deepEqual([timesOf(van), timesOf(truck)], [[], []]);
    const names = () => [...registry.drivers.directory.drivers()].map(({ name }) => name);
    assert.ok(!names().includes(`Cleo ${count}`));
    assert.deepEqual(await outcomesOf(false), expected);
    const stored = () => ({ van: timesOf(van), truck: timesOf(truck), names: names() });
    const first = stored();
    assert.deepEqual(first.van, [
      [`Ana ${count}`, startMs - 9 * hourMs, startMs - 5 * hourMs],
      [`Cleo ${count}`, startMs - 5 * hourMs, startMs - hourMs],
    ]);
    assert.deepEqual(first.truck, [[`Cleo ${count}`, startMs - hourMs, startMs]]);
    assert.ok(!first.names.includes(`Edi ${count}`), 'of a line that is wrong nothing is stored');
    assert.deepEqual(await outcomesOf(false), ['found', 'found', 'found', 'found', 'wrong', 'wrong', 'wrong', 'found']);
    assert.deepEqual(stored(), first);
    const [dora, nobody, edi] = (await registry.drivers.importLines(lines, { isDryRun: true })).slice(4, 7);
    assert.deepEqual(dora?.problems[0]?.field, 'vehicle');
    assert.deepEqual(
      nobody?.problems.map(({ field }) => field),
      ['name'],
    );
    assert.match(edi?.problems[0]?.expected ?? '', /overlaps/);
  });
});

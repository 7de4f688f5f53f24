import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { CallerError, makeManualClock, OperationalError, silentLogger } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { loadVocabulary } from './load-vocabulary.ts';
import { openRegistry } from './open-registry.ts';
import { openRetention } from './retention.ts';
import type { Customer, DirectoryChange, EnrolRow, Registry, Vehicle } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const hourMs = 3_600_000;
const withCode = (code: string, existingId?: string) => (error: unknown) =>
  error instanceof CallerError && error.code === code && (existingId === undefined || error.details.existingId === existingId);
const ofField = (field: string) => (error: unknown) =>
  withCode('invalid_field')(error) && (error as CallerError).details.field === field;

describe('registry', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  const pepper = Buffer.alloc(32, 1);
  let test: TestStorage;
  let registry: Registry;
  const open = async (): Promise<Registry> =>
    openRegistry({ storage: await test.openAnother(), pepper, clock, logger: silentLogger });
  before(async () => {
    test = await openTestStorage('registry');
    registry = await openRegistry({ storage: test.storage, pepper, clock, logger: silentLogger });
  });
  after(async () => {
    await registry.close();
    await test.close();
  });

  let number = 0;
  /** Each test has vehicles and devices of its own. */
  const newVin = (): string => `WVW${String(++number).padStart(14, '0')}`;
  const newImei = (): string => String(350_000_000_000_000 + ++number);
  const newVehicle = (customer = 'Acme') => registry.createVehicle({ vin: newVin(), customer });

  it('makes a vehicle and its customer, once for a name, and finds them in the directory at once', async () => {
    const vehicle = await registry.createVehicle({
      vin: '1m8gdm9axkp042788',
      customer: ' Berlin Buses ',
      groups: ['night'],
      tirePlacardKpa: [240, 240, 260, 260],
    });
    assert.match(vehicle.id, /^veh_[0-9a-z]{16}$/);
    assert.equal(vehicle.vin, '1M8GDM9AXKP042788');
    assert.equal(vehicle.isVinCheckDigitValid, true);
    assert.equal(vehicle.createdAt, startMs);
    assert.deepEqual(vehicle.tirePlacardKpa, [240, 240, 260, 260]);
    assert.deepEqual(registry.directory.vehicleById(vehicle.id), vehicle);
    const customer = registry.directory.customerByNo(vehicle.customerNo);
    assert.equal(customer?.name, 'Berlin Buses');
    const byName = await registry.createVehicle({ vin: newVin(), customer: 'Berlin Buses' });
    const byId = await registry.createVehicle({ vin: newVin(), customer: customer?.id ?? '' });
    assert.deepEqual([byName.customerNo, byId.customerNo], [vehicle.customerNo, vehicle.customerNo]);
    // Names are exact: another case is another customer.
    assert.notEqual((await newVehicle('berlin buses')).customerNo, vehicle.customerNo);
    await assert.rejects(newVehicle('cus_0000000000000000'), ofField('customer'));
  });

  it('makes one customer when many ask for the same new name at once', async () => {
    const vehicles = await Promise.all(Array.from({ length: 8 }, () => newVehicle('Rush')));
    assert.equal(new Set(vehicles.map((vehicle) => vehicle.customerNo)).size, 1);
  });

  it('refuses the same VIN, IMEI and customer name with the id that is there', async () => {
    const vehicle = await newVehicle();
    await assert.rejects(
      registry.createVehicle({ vin: ` ${vehicle.vin.toLowerCase()} `, customer: 'Other' }),
      withCode('already_exists', vehicle.id),
    );
    assert.equal(
      [...registry.directory.customers()].some((customer) => customer.name === 'Other'),
      false,
      'the customer that it would have made is not there',
    );
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id });
    await assert.rejects(
      registry.createDevice({ imei: device.imei, vehicleId: vehicle.id }),
      withCode('already_exists', device.id),
    );
    const customer = await registry.createCustomer('Only once');
    await assert.rejects(registry.createCustomer(' Only once '), withCode('already_exists', customer.id));
  });

  it('changes a vehicle: only what is named', async () => {
    const vehicle = await registry.createVehicle({ vin: newVin(), customer: 'Acme', plate: 'B-1', model: 'Twizy' });
    const changed = await registry.updateVehicle(vehicle.id, {
      plate: null,
      groups: ['a', 'b'],
      grossWeightKg: 690,
      customer: 'Moved',
    });
    assert.deepEqual([changed.plate, changed.model, changed.groups, changed.grossWeightKg], [null, 'Twizy', ['a', 'b'], 690]);
    assert.equal(registry.directory.customerByNo(changed.customerNo)?.name, 'Moved');
    assert.deepEqual(registry.directory.vehicleById(vehicle.id), changed);
    await assert.rejects(registry.updateVehicle('veh_0000000000000000', { plate: 'x' }), withCode('not_found'));
  });

  it('changes a customer: name and timeouts', async () => {
    const customer = await registry.createCustomer('Timeouts');
    const changed = await registry.updateCustomer(customer.id, { lateAfterSeconds: 120, offlineAfterSeconds: 600 });
    assert.deepEqual([changed.name, changed.lateAfterSeconds, changed.offlineAfterSeconds], ['Timeouts', 120, 600]);
    assert.equal(
      (await registry.updateCustomer(customer.id, { lateAfterSeconds: null, name: 'Renamed' })).lateAfterSeconds,
      null,
    );
    assert.equal(registry.directory.customerByNo(customer.customerNo)?.offlineAfterSeconds, 600);
    const other = await registry.createCustomer('Taken');
    await assert.rejects(registry.updateCustomer(customer.id, { name: 'Taken' }), withCode('already_exists', other.id));
    await assert.rejects(registry.updateCustomer(customer.id, { lateAfterSeconds: 0 }), ofField('lateAfterSeconds'));
  });

  it('keeps of a secret only its HMAC', async () => {
    const vehicle = await newVehicle();
    const { device, secret } = await registry.createDevice({ imei: '490154203237518', vehicleId: vehicle.id });
    assert.equal(device.isImeiCheckDigitValid, true);
    assert.ok(Buffer.from(secret, 'base64url').length >= 16);
    assert.equal(registry.verifySecret(device.deviceNo, secret), true);
    assert.equal(registry.verifySecret(device.deviceNo, `${secret}x`), false);
    assert.equal(registry.verifySecret(undefined, secret), false);
    const { rows } = await test.storage.withActor({ kind: 'operator', id: 'test' }, (tx) =>
      sql<{ row: string }>`select row_to_json(d)::text as row from devices d where id = ${device.id}`.execute(tx),
    );
    assert.equal(rows.length, 1);
    assert.equal(rows[0]?.row.includes(secret), false);
  });

  it('a first assignment reaches back without limit, or to where it says', async () => {
    const vehicle = await newVehicle();
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id });
    const always = [{ vehicleNo: vehicle.vehicleNo, fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }];
    assert.deepEqual(device.assignments, always);
    const { device: later } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id, fromMs: startMs - 1 });
    assert.equal(later.assignments[0]?.fromMs, startMs - 1);
    assert.equal(registry.directory.devicesOnVehicle(vehicle.vehicleNo).length, 2);
    await assert.rejects(registry.createDevice({ imei: newImei(), vehicleId: 'veh_0000000000000000' }), ofField('vehicleId'));
  });

  it('moves a device to another vehicle: the assignment before ends there', async () => {
    const [one, two] = [await newVehicle(), await newVehicle()];
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: one.id });
    const moved = await registry.assignDevice(device.id, two.id, startMs - hourMs);
    assert.deepEqual(moved.assignments, [
      { vehicleNo: one.vehicleNo, fromMs: Number.NEGATIVE_INFINITY, toMs: startMs - hourMs },
      { vehicleNo: two.vehicleNo, fromMs: startMs - hourMs, toMs: Number.POSITIVE_INFINITY },
    ]);
    assert.deepEqual(registry.directory.devicesOnVehicle(one.vehicleNo), []);
    assert.deepEqual(registry.directory.devicesOnVehicle(two.vehicleNo), [moved]);
    for (const fromMs of [startMs - hourMs, startMs - 2 * hourMs])
      await assert.rejects(registry.assignDevice(device.id, one.id, fromMs), ofField('from'));
    assert.deepEqual(registry.directory.deviceById(device.id), moved, 'what was refused changed nothing');
  });

  it('PostgreSQL itself refuses that a device is on two vehicles at a time', async () => {
    const [one, two] = [await newVehicle(), await newVehicle()];
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: one.id });
    await assert.rejects(
      test.storage.withActor({ kind: 'operator', id: 'test' }, (tx) =>
        sql`insert into assignments values (${device.deviceNo}, ${two.vehicleNo}, '[2026-01-01,2026-01-02)')`.execute(tx),
      ),
      { code: '23P01' },
    );
  });

  it('ends a vehicle: devices come off, its past stays, its number is not given again', async () => {
    const vehicle = await newVehicle();
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id });
    const { device: future } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id, fromMs: startMs + hourMs });
    const ended = await registry.endVehicle(vehicle.id);
    assert.equal(ended.endedAt, startMs);
    assert.deepEqual(registry.directory.devicesOnVehicle(vehicle.vehicleNo), []);
    assert.equal(registry.directory.deviceById(device.id)?.assignments[0]?.toMs, startMs);
    assert.deepEqual(registry.directory.deviceById(future.id)?.assignments, [], 'an assignment that never began is gone');
    assert.deepEqual(await registry.endVehicle(vehicle.id), ended, 'once more changes nothing');
    await assert.rejects(registry.createDevice({ imei: newImei(), vehicleId: vehicle.id }), ofField('vehicleId'));
    const next = await newVehicle();
    assert.ok(next.vehicleNo > vehicle.vehicleNo);
    assert.equal(
      (await registry.assignDevice(device.id, next.id, startMs)).assignments.length,
      2,
      'its device can go on elsewhere',
    );
  });

  it('revokes a device: it comes off, and cannot be put on again', async () => {
    const vehicle = await newVehicle();
    const { device } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id });
    const revoked = await registry.revokeDevice(device.id);
    assert.equal(revoked.revokedAt, startMs);
    assert.equal(revoked.assignments[0]?.toMs, startMs);
    assert.deepEqual(await registry.revokeDevice(device.id), revoked);
    await assert.rejects(registry.assignDevice(device.id, vehicle.id, startMs + 1), ofField('id'));
    await assert.rejects(registry.revokeDevice('dev_0000000000000000'), withCode('not_found'));
  });

  it('lets the VIN of an ended vehicle and the IMEI of a revoked device come back, as others', async () => {
    const sold = await newVehicle();
    await registry.endVehicle(sold.id);
    const bought = await registry.createVehicle({ vin: sold.vin, customer: 'Next' });
    assert.ok(bought.vehicleNo > sold.vehicleNo && bought.id !== sold.id);
    await assert.rejects(registry.createVehicle({ vin: sold.vin, customer: 'Acme' }), withCode('already_exists', bought.id));

    const imei = newImei();
    const first = await registry.createDevice({ imei, vehicleId: bought.id });
    await registry.revokeDevice(first.device.id);
    assert.equal(registry.directory.deviceByImei(imei)?.id, first.device.id);
    const second = await registry.createDevice({ imei, vehicleId: bought.id });
    assert.equal(registry.directory.deviceByImei(imei)?.id, second.device.id);
    await registry.revokeDevice(first.device.id);
    assert.equal(registry.directory.deviceByImei(imei)?.id, second.device.id, 'the old one does not take its place again');
    assert.notEqual(second.secret, first.secret);
    await assert.rejects(registry.createDevice({ imei, vehicleId: bought.id }), withCode('already_exists', second.device.id));
  });

  it('a directory of another process follows every write within a second, in order', async () => {
    const other = await open();
    const changes: DirectoryChange[] = [];
    other.directory.onChange((change) => changes.push(change));
    try {
      const startedAt = performance.now();
      const vehicle = await newVehicle('Followed');
      const { device, secret } = await registry.createDevice({ imei: newImei(), vehicleId: vehicle.id });
      await registry.updateVehicle(vehicle.id, { plate: 'B-2' });
      await registry.revokeDevice(device.id);
      await until('the revocation', () => other.directory.deviceById(device.id)?.revokedAt === startMs);
      assert.ok(performance.now() - startedAt < 1000);
      assert.deepEqual(other.directory.vehicleById(vehicle.id), registry.directory.vehicleById(vehicle.id));
      assert.equal(other.directory.customerByNo(vehicle.customerNo)?.name, 'Followed');
      assert.equal(other.verifySecret(device.deviceNo, secret), true);
      assert.equal(changes[0]?.kind, 'customer');
    } finally {
      await other.close();
    }
  });

  it('retention of a customer and a vehicle is kept, told to another process at once, and changed in parts', async () => {
    const vehicle = await newVehicle('Keeper');
    const other = await open();
    const retention = openRetention(other.directory, 1461);
    try {
      const { id } = registry.directory.customerByNo(vehicle.customerNo) as Customer;
      await registry.changeCustomerRetention(id, { days: 90, groups: { position: 30, energy: 60 } });
      const customer = await registry.changeCustomerRetention(id, { groups: { energy: null } });
      assert.deepEqual(customer.retention, { days: 90, byGroup: { position: 30 } });
      const changed = await registry.changeVehicleRetention(vehicle.id, { groups: { position: 7 } });
      assert.deepEqual(changed.retention, { days: null, byGroup: { position: 7 } });
      await until('the rule', () => retention.keptFromMs(vehicle.vehicleNo, 'position', 0) === -7 * 24 * hourMs);
      assert.equal(retention.keptFromMs(vehicle.vehicleNo, 'energy', 0), -90 * 24 * hourMs);
      await assert.rejects(registry.changeVehicleRetention(vehicle.id, { days: 0 }), ofField('days'));
      await assert.rejects(registry.changeCustomerRetention('cus_none', { days: 1 }), withCode('not_found'));
    } finally {
      retention.close();
      await other.close();
    }
    const again = await open();
    const reopened = openRetention(again.directory, 1461);
    assert.equal(reopened.ruleOf(vehicle.vehicleNo).shortestMs, 7 * 24 * hourMs);
    reopened.close();
    await again.close();
  });

  it('catches up with what it did not hear while its connection was away', async () => {
    const other = await open();
    try {
      const pid = test.postgres.pid() as number;
      process.kill(pid, 'SIGKILL');
      await until('PostgreSQL is back', () => test.postgres.pid() !== undefined && test.postgres.pid() !== pid);
      // Until the new one was asked whether it is there, writes are refused at once.
      let vehicle: Vehicle | undefined;
      for (const end = performance.now() + 30_000; !vehicle; )
        vehicle = await newVehicle('After').catch(async (error: unknown) => {
          if (!(error instanceof OperationalError) || performance.now() > end) throw error;
          await delay(20);
          return undefined;
        });
      const { id } = vehicle;
      await until('the vehicle is known', () => other.directory.vehicleById(id) !== undefined);
    } finally {
      await other.close();
    }
  });

  it('enrols a fleet: vehicles, devices, secrets, all in the directory and after a restart', async () => {
    const rows: EnrolRow[] = Array.from({ length: 12_000 }, (_, i) => ({
      vehicle: { vin: `ZFA${String(i).padStart(14, '0')}`, customer: `Fleet ${i % 400}`, groups: ['g'], plate: `P ${i}` },
      device: { imei: String(860_000_000_000_000 + i), kind: 'tracker' as const },
    }));
    const other = await open();
    const answers = await registry.enrol(rows);
    assert.equal(answers.length, rows.length);
    await until('the other process has it all', () => other.directory.deviceById(answers.at(-1)?.deviceId ?? '') !== undefined);
    const again = await open();
    for (const directory of [registry.directory, other.directory, again.directory]) {
      for (const i of [0, 1, 9999, 10_000, 11_999]) {
        const vehicle = directory.vehicleById(answers[i]?.vehicleId ?? '');
        const device = directory.deviceByImei(rows[i]?.device.imei ?? '');
        assert.equal(vehicle?.vin, rows[i]?.vehicle.vin);
        assert.equal(device?.id, answers[i]?.deviceId);
        assert.deepEqual(directory.devicesOnVehicle(vehicle?.vehicleNo ?? 0), [device]);
      }
    }
    assert.equal(
      again.verifySecret(again.directory.deviceById(answers[11]?.deviceId ?? '')?.deviceNo, answers[11]?.secret ?? ''),
      true,
    );
    const vehicles = [registry, again].map(({ directory }) =>
      [...directory.vehicles()].map((vehicle) => JSON.stringify(vehicle)),
    );
    assert.deepEqual(vehicles[0], vehicles[1]);
    await assert.rejects(registry.enrol([rows[0] as EnrolRow]), withCode('already_exists'));
    await other.close();
    await again.close();
  });

  it('gives signals of users their numbers once, and a version to each set of signals', async () => {
    const overlay = 'Vehicle.Acme.BoxTemperature: {datatype: float, type: sensor, unit: Celsius, min: -40, max: 80}';
    const load = (text?: string) => loadVocabulary(test.storage, text);
    const core = await load();
    assert.equal(core.version, 1);
    const [one, two] = await Promise.all([load(overlay), load(overlay)]);
    assert.deepEqual([one.version, two.version], [2, 2]);
    assert.equal(one.byPath('Vehicle.Acme.BoxTemperature')?.number, 32_768);
    const more = await load(`${overlay}\nVehicle.Acme.DoorOpen: {datatype: boolean, type: sensor}`);
    assert.equal(more.version, 3);
    const later = await load();
    assert.deepEqual(
      [later.version, later.byNumber(32_768)?.path, later.byNumber(32_769)?.path],
      [3, 'Vehicle.Acme.BoxTemperature', 'Vehicle.Acme.DoorOpen'],
    );
    await assert.rejects(
      load('Vehicle.Acme.BoxTemperature: {datatype: boolean, type: sensor}'),
      ofField('Vehicle.Acme.BoxTemperature'),
    );
    assert.equal((await load()).version, 3);
  });

  it('PostgreSQL itself refuses that a number changes its meaning', async () => {
    await assert.rejects(
      test.storage.withActor({ kind: 'system', id: 'test' }, (tx) =>
        sql`update user_signals set per_unit = 7 where number = 32768`.execute(tx),
      ),
      /32768 is Vehicle\.Acme\.BoxTemperature and stays so/,
    );
  });
});

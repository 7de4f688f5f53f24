import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { openRegistry } from './open-registry.ts';
import type { EnrolLine, EnrolLinesOptions, LineOutcome, Registry } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const minuteMs = 60_000;
const store: EnrolLinesOptions = { isDryRun: false };

describe('enrolment by lines', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  const pepper = Buffer.alloc(32, 1);
  let test: TestStorage;
  let registry: Registry;
  const open = async (): Promise<Registry> =>
    openRegistry({ storage: await test.openAnother(), pepper, clock, logger: silentLogger });
  before(async () => {
    test = await openTestStorage('enrol_lines');
    registry = await openRegistry({ storage: test.storage, pepper, clock, logger: silentLogger });
  });
  after(async () => {
    await registry.close();
    await test.close();
  });

  let number = 0;
  const newVin = (): string => `WVW${String(++number).padStart(14, '0')}`;
  const newImei = (): string => String(350_000_000_000_000 + ++number);
  const lineOf = (line: number, more: { vehicle?: EnrolLine['vehicle']; device?: EnrolLine['device'] } = {}): EnrolLine => ({
    line,
    vehicle: { vin: newVin(), customer: 'Acme', ...more.vehicle },
    device: { imei: newImei(), ...more.device },
    problems: [],
  });
  const outcomes = (list: readonly LineOutcome[]): string[] => list.map(({ outcome }) => outcome);
  const counts = () => {
    const { directory } = registry;
    return [directory.vehicleCount(), [...directory.devices()].length, [...directory.customers()].length];
  };

  it('makes customers, vehicles and devices, gives each secret once, and finds them when the lines come again', async () => {
    const lines = [
      lineOf(2, { vehicle: { customer: 'Line One', plate: 'B 1', groups: ['night', 'south'], grossWeightKg: 690 } }),
      lineOf(3, { vehicle: { customer: 'Line One' }, device: { kind: 'dashcam', fromMs: startMs - minuteMs } }),
      lineOf(5, { vehicle: { customer: 'Line Two', tirePlacardKpa: [240, 240, 260, 260] } }),
    ];
    const made = await registry.enrolLines(lines, store);
    assert.deepEqual(outcomes(made), ['made', 'made', 'made']);
    assert.deepEqual(
      made.map(({ line }) => line),
      [2, 3, 5],
    );
    for (const [i, { vehicleId, deviceId, secret, imei }] of made.entries()) {
      const device = registry.directory.deviceById(deviceId as string);
      assert.equal(imei, lines[i]?.device.imei);
      assert.equal(registry.directory.vehicleById(vehicleId as string)?.vin, lines[i]?.vehicle.vin);
      assert.equal(registry.verifySecret(device?.deviceNo, secret as string), true);
    }
    const first = registry.directory.vehicleById(made[0]?.vehicleId as string);
    assert.deepEqual([first?.plate, first?.groups, first?.grossWeightKg], ['B 1', ['night', 'south'], 690]);
    const second = registry.directory.deviceById(made[1]?.deviceId as string);
    assert.deepEqual([second?.kind, second?.assignments[0]?.fromMs], ['dashcam', startMs - minuteMs]);

    const countsBefore = counts();
    const again = await registry.enrolLines(lines, store);
    assert.deepEqual(
      again.map(({ outcome, vehicleId, deviceId, secret, differs }) => [outcome, vehicleId, deviceId, secret, differs]),
      made.map(({ vehicleId, deviceId }) => ['found', vehicleId, deviceId, undefined, []]),
    );
    assert.deepEqual(counts(), countsBefore);
  });

  it('stores the good lines when others are wrong, and says everything that is wrong with a line', async () => {
    const good = [lineOf(2), lineOf(6)];
    const bad: EnrolLine = {
      ...lineOf(3, { vehicle: { vin: 'SHORT', customer: '', grossWeightKg: 'heavy' }, device: { kind: 'spaceship' } }),
      problems: [{ field: 'from', value: 'x', expected: 'a time' }],
    };
    const nobodys = lineOf(4, { vehicle: { customer: 'cus_0000000000000000' } });
    const noImei = lineOf(5, { device: { imei: '12' } });
    const all = await registry.enrolLines([good[0] as EnrolLine, bad, nobodys, noImei, good[1] as EnrolLine], store);
    assert.deepEqual(outcomes(all), ['made', 'wrong', 'wrong', 'wrong', 'made']);
    assert.deepEqual(all[1]?.problems.map(({ field }) => field).toSorted(), ['customer', 'from', 'grossWeightKg', 'kind', 'vin']);
    assert.ok(all[1]?.problems.every(({ expected }) => expected !== ''));
    assert.deepEqual(
      [all[2]?.problems[0]?.field, all[3]?.problems[0]?.field, all[3]?.problems[0]?.value],
      ['customer', 'imei', '12'],
    );
    assert.equal(registry.directory.deviceByImei(bad.device.imei as string), undefined);
    assert.equal(
      [...registry.directory.vehicles()].some(({ vin }) => vin === nobodys.vehicle.vin),
      false,
    );
  });

  it('refuses what would move a device or a vehicle, and what differs stays as it is and is named', async () => {
    const [one, two] = [lineOf(2, { vehicle: { plate: 'OLD' } }), lineOf(3)];
    const made = await registry.enrolLines([one, two], store);
    const moved = { ...lineOf(2), vehicle: two.vehicle, device: one.device };
    const unknownVin = { ...lineOf(3), device: two.device };
    const stolen = { ...one, line: 4, vehicle: { ...one.vehicle, customer: 'Somebody Else' }, device: { imei: newImei() } };
    const other = {
      ...one,
      line: 5,
      vehicle: { ...one.vehicle, plate: 'NEW', model: 'X' },
      device: { ...one.device, kind: 'phone' },
    };
    const all = await registry.enrolLines([moved, unknownVin, stolen], store);
    assert.deepEqual(outcomes(all), ['wrong', 'wrong', 'wrong']);
    assert.deepEqual(
      all.map(({ problems }) => problems[0]?.field),
      ['imei', 'imei', 'customer'],
    );
    assert.match(all[0]?.problems[0]?.expected ?? '', new RegExp(made[0]?.vehicleId as string));
    assert.match(all[2]?.problems[0]?.expected ?? '', /Acme/);
    assert.equal(
      [...registry.directory.customers()].some(({ name }) => name === 'Somebody Else'),
      false,
      'a line that is wrong makes no customer',
    );
    const [found] = await registry.enrolLines([other], store);
    assert.deepEqual([found?.outcome, found?.differs.toSorted()], ['found', ['kind', 'model', 'plate']]);
    assert.equal(registry.directory.vehicleById(found?.vehicleId as string)?.plate, 'OLD');
  });

  it('two devices may share a VIN, an IMEI counts once', async () => {
    const tracker = lineOf(2);
    const dashcam = { ...lineOf(3), vehicle: tracker.vehicle };
    const twice = { ...lineOf(4), device: tracker.device };
    const all = await registry.enrolLines([tracker, dashcam, twice], store);
    assert.deepEqual(outcomes(all), ['made', 'made', 'wrong']);
    assert.equal(all[0]?.vehicleId, all[1]?.vehicleId);
    assert.match(all[2]?.problems[0]?.expected ?? '', /line 2/);
    const vehicle = registry.directory.vehicleById(all[0]?.vehicleId as string);
    assert.equal(registry.directory.devicesOnVehicle(vehicle?.vehicleNo ?? 0).length, 2);
  });

  it('a dry run answers the same and stores nothing', async () => {
    const known = lineOf(2);
    await registry.enrolLines([known], store);
    // Enough for several transactions: what one would make, a later one finds.
    const lines = [known, ...Array.from({ length: 700 }, (_, i) => lineOf(i + 3, { vehicle: { customer: 'Dry' } }))];
    lines.push({ ...lineOf(900), vehicle: lines[1]?.vehicle as EnrolLine['vehicle'] });
    lines.push({ ...lineOf(901), vehicle: { ...lines[1]?.vehicle, customer: 'Wet' } });
    const countsBefore = counts();
    const dry = await registry.enrolLines(lines, { isDryRun: true });
    assert.deepEqual(counts(), countsBefore);
    assert.deepEqual([dry[0]?.outcome, dry[1]?.outcome, dry[1]?.vehicleId, dry[1]?.deviceId], ['found', 'made', null, null]);
    assert.ok(dry.every(({ secret }) => secret === undefined));
    assert.deepEqual(outcomes(dry.slice(-2)), ['made', 'wrong']);
    const wet = await registry.enrolLines(lines, store);
    assert.deepEqual(outcomes(wet), outcomes(dry));
    const another = await open();
    assert.equal(another.directory.vehicleCount(), registry.directory.vehicleCount());
    await another.close();
  });

  it('with windows no secret is told; who never had one gets another window when the lines come again', async () => {
    const lines = [lineOf(2), lineOf(3)];
    const untilMs = clock.now() + minuteMs;
    const made = await registry.enrolLines(lines, { isDryRun: false, windowUntilMs: untilMs });
    assert.deepEqual(
      made.map(({ secret, windowUntilMs }) => [secret, windowUntilMs]),
      [
        [undefined, untilMs],
        [undefined, untilMs],
      ],
    );
    const [first, second] = lines.map(({ device }) => device.imei as string) as [string, string];
    const device = registry.directory.deviceByImei(first);
    assert.deepEqual([device?.credentials.secretIssuedAt, device?.credentials.enrolmentUntil], [null, untilMs]);
    assert.equal(registry.verifySecret(device?.deviceNo, ''), false);
    const fetched = await registry.credentials.fetchSecret(first, '10.0.0.1');
    assert.equal(registry.verifySecret(device?.deviceNo, fetched?.secret ?? ''), true);
    clock.advance(2 * minuteMs);
    assert.equal(await registry.credentials.fetchSecret(second, '10.0.0.1'), undefined);
    const later = clock.now() + minuteMs;
    const again = await registry.enrolLines(lines, { isDryRun: false, windowUntilMs: later });
    assert.deepEqual(
      again.map(({ outcome, windowUntilMs }) => [outcome, windowUntilMs]),
      [
        ['found', undefined],
        ['found', later],
      ],
    );
    assert.ok(await registry.credentials.fetchSecret(second, '10.0.0.1'));
    const events = await registry.credentials.events(again[1]?.deviceId as string, { limit: 10 });
    assert.deepEqual(
      events.map(({ event }) => event),
      ['secret_fetched', 'window_opened', 'window_opened'],
    );
  });

  it('the same lines at the same time, from several processes, make everything once', async () => {
    const others = await Promise.all([open(), open()]);
    const lines = Array.from({ length: 1200 }, (_, i) => lineOf(i + 2, { vehicle: { customer: `Rush ${i % 7}` } }));
    // Beside them somebody who writes by another way and takes no turn.
    const rival = others[0]?.enrol(
      lines.slice(800, 900).map(({ vehicle, device }) => ({
        vehicle: { vin: vehicle.vin as string, customer: vehicle.customer as string },
        device: { imei: device.imei as string },
      })),
    );
    const [rivals, ...all] = await Promise.allSettled([
      rival,
      ...[registry, ...others].map((each) => each.enrolLines(lines, store)),
    ]);
    const lists = all.map((one) => {
      assert.equal(one.status, 'fulfilled', String((one as PromiseRejectedResult).reason));
      return (one as PromiseFulfilledResult<readonly LineOutcome[]>).value;
    });
    for (const [i, line] of lines.entries()) {
      const made = lists.filter((list) => list[i]?.outcome === 'made').length;
      const byRival = rivals.status === 'fulfilled' && i >= 800 && i < 900 ? 1 : 0;
      assert.equal(made + byRival, 1, `line ${line.line}`);
      assert.ok(lists.every((list) => list[i]?.outcome !== 'wrong'));
    }
    const fresh = await open();
    const vins = [...fresh.directory.vehicles()].map(({ vin }) => vin);
    assert.equal(new Set(vins).size, vins.length);
    await Promise.all([...others, fresh].map((each) => each.close()));
  });

  it('what somebody else makes in the middle of it is found, and the lines beside it are made', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => lineOf(i + 2));
    const { vehicle, device } = lines[7] as EnrolLine;
    const rival = await test.openAnother();
    const staff = { kind: 'operator', id: 'test' } as const;
    let enrolling: Promise<readonly LineOutcome[]> | undefined;
    // The rival's rows are there, but not yet to be seen: the enrolment has to wait for them and is told no.
    await rival.withActor(staff, async (tx) => {
      await sql`with owner as (insert into customers (id, name, created_at) values ('cus_rival', 'Rival', now()) returning customer_no),
          car as (insert into vehicles (id, vin, vin_check_digit_valid, customer_no, created_at)
            select 'veh_rival', ${vehicle.vin}, false, customer_no, now() from owner returning vehicle_no),
          box as (insert into devices (id, imei, imei_check_digit_valid, kind, created_at)
            values ('dev_rival', ${device.imei}, false, 'tracker', now()) returning device_no)
        insert into assignments select device_no, vehicle_no, '[-infinity,)' from car, box`.execute(tx);
      const isWaiting = async (): Promise<boolean> => {
        const { rows } = await sql`select 1 from pg_locks where not granted and locktype = 'transactionid'`.execute(tx);
        return rows.length > 0;
      };
      enrolling = registry.enrolLines(lines, store);
      while (!(await isWaiting())) await delay(5);
    });
    const all = (await enrolling) as readonly LineOutcome[];
    const others = all.filter((_, i) => i !== 7);
    assert.ok(others.every(({ outcome }) => outcome === 'made'));
    assert.deepEqual([all[7]?.outcome, all[7]?.problems[0]?.field], ['wrong', 'customer'], 'the VIN is the rival’s');
    const [again] = await registry.enrolLines(
      [{ ...(lines[7] as EnrolLine), vehicle: { ...vehicle, customer: 'Rival' } }],
      store,
    );
    assert.deepEqual([again?.outcome, again?.deviceId, again?.differs], ['found', 'dev_rival', []]);
  });

  it('10,000 lines are made at once, and found again', async (context) => {
    const lines = Array.from({ length: 10_000 }, (_, i) => lineOf(i + 2, { vehicle: { customer: `Big ${i % 100}` } }));
    const startedAt = performance.now();
    const made = await registry.enrolLines(lines, store);
    const madeMs = performance.now() - startedAt;
    const found = await registry.enrolLines(lines, store);
    const foundMs = performance.now() - startedAt - madeMs;
    assert.ok(made.every(({ outcome }) => outcome === 'made') && found.every(({ outcome }) => outcome === 'found'));
    context.diagnostic(`made in ${madeMs.toFixed(0)} ms, found in ${foundMs.toFixed(0)} ms`);
  });
});

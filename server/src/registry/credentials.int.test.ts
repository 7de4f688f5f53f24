import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { CallerError, makeManualClock, silentLogger } from '../kernel/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { openRegistry } from './open-registry.ts';
import type { Device, Registry } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const minuteMs = 60_000;
const withCode = (code: string) => (error: unknown) => error instanceof CallerError && error.code === code;

describe('credentials of devices', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  const pepper = Buffer.alloc(32, 1);
  let test: TestStorage;
  let registry: Registry;
  /** The view of another process. */
  let other: Registry;
  before(async () => {
    test = await openTestStorage('credentials');
    registry = await openRegistry({ storage: test.storage, pepper, clock, logger: silentLogger });
    other = await openRegistry({ storage: await test.openAnother(), pepper, clock, logger: silentLogger });
  });
  after(async () => {
    await other.close();
    await registry.close();
    await test.close();
  });

  let number = 0;
  const newDevice = async (): Promise<{ device: Device; secret: string }> => {
    number++;
    const vehicle = await registry.createVehicle({ vin: `WVW${String(number).padStart(14, '0')}`, customer: 'Acme' });
    return registry.createDevice({ imei: String(350_000_000_000_000 + number), vehicleId: vehicle.id });
  };
  const now = (id: string): Device => registry.directory.deviceById(id) as Device;
  const eventsOf = async (id: string): Promise<string[]> =>
    (await registry.credentials.events(id, { limit: 100 })).map(({ event }) => event);
  const isKnown = (device: Device, version: number): Promise<void> =>
    until('known to both', () =>
      [registry, other].every(({ directory }) => directory.deviceById(device.id)?.credentials.version === version),
    );

  it('gives a new secret: the old one is worth nothing, here and in another process', async () => {
    const { device, secret } = await newDevice();
    assert.deepEqual(device.credentials, {
      version: 1,
      secretIssuedAt: clock.now(),
      secretFetchedAt: null,
      enrolmentUntil: null,
      certificateSha256: null,
    });
    await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
    clock.advance(1000);
    const renewed = await registry.credentials.renewSecret(device.id);
    assert.notEqual(renewed.secret, secret);
    const { version, secretIssuedAt, enrolmentUntil } = renewed.device.credentials;
    assert.deepEqual([version, secretIssuedAt, enrolmentUntil], [2, clock.now(), null], 'its window is closed, too');
    assert.deepEqual(now(device.id), renewed.device);
    await isKnown(device, 2);
    for (const process of [registry, other]) {
      assert.equal(process.verifySecret(device.deviceNo, secret), false);
      assert.equal(process.verifySecret(device.deviceNo, renewed.secret), true);
    }
    assert.deepEqual(await eventsOf(device.id), ['secret_renewed', 'window_opened']);
    await registry.revokeDevice(device.id);
    await assert.rejects(registry.credentials.renewSecret(device.id), withCode('invalid_field'));
    await assert.rejects(registry.credentials.renewSecret('dev_0000000000000000'), withCode('not_found'));
  });

  it('lets a secret be fetched while its window is open, once', async () => {
    const { device, secret } = await newDevice();
    const fetch = () => registry.credentials.fetchSecret(device.imei, '10.0.0.1');
    assert.equal(await fetch(), undefined, 'there is no window');
    const opened = await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
    assert.deepEqual([opened.credentials.enrolmentUntil, opened.credentials.version], [clock.now() + minuteMs, 1]);
    assert.equal(registry.verifySecret(device.deviceNo, secret), true, 'an open window alone changes nothing');
    const fetched = await fetch();
    assert.ok(fetched);
    assert.deepEqual(fetched.device.credentials, {
      ...opened.credentials,
      version: 2,
      secretIssuedAt: clock.now(),
      secretFetchedAt: clock.now(),
      enrolmentUntil: null,
    });
    assert.equal(registry.verifySecret(device.deviceNo, fetched.secret), true);
    assert.equal(registry.verifySecret(device.deviceNo, secret), false);
    assert.equal(await fetch(), undefined, 'it was fetched');
    const [event] = await registry.credentials.events(device.id, { limit: 1 });
    assert.deepEqual(
      [event?.event, event?.actor, event?.detail, event?.at],
      ['secret_fetched', 'device', '10.0.0.1', clock.now()],
    );

    await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
    clock.advance(minuteMs);
    assert.equal(await fetch(), undefined, 'the window is over');
    await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
    await registry.credentials.closeWindow(device.id);
    assert.equal(await fetch(), undefined, 'it was closed');
    assert.deepEqual(await registry.credentials.closeWindow(device.id), now(device.id), 'once more changes nothing');
    await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
    assert.ok(await fetch(), 'another window is another time');
    assert.equal((await eventsOf(device.id)).filter((one) => one === 'window_closed').length, 1);
  });

  it('of fetches that come together, to two processes, exactly one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const { device } = await newDevice();
      await registry.credentials.openWindow(device.id, clock.now() + minuteMs);
      await until(
        'the window is known there',
        () => other.directory.deviceById(device.id)?.credentials.enrolmentUntil === clock.now() + minuteMs,
      );
      const fetches = Array.from({ length: 8 }, (_, i) =>
        (i % 2 ? registry : other).credentials.fetchSecret(device.imei, `${i}`),
      );
      const won = (await Promise.all(fetches)).filter((one) => one !== undefined);
      assert.equal(won.length, 1);
      await isKnown(device, 2);
      for (const process of [registry, other]) assert.equal(process.verifySecret(device.deviceNo, won[0]?.secret ?? ''), true);
      assert.deepEqual(await eventsOf(device.id), ['secret_fetched', 'window_opened']);
    }
  });

  it('opens windows for many, and says which IMEIs nobody has', async () => {
    const rows = Array.from({ length: 1200 }, (_, i) => ({
      vehicle: { vin: `ZFA${String(i).padStart(14, '0')}`, customer: 'Fleet' },
      device: { imei: String(860_000_000_000_000 + i) },
    }));
    const made = await registry.enrol(rows);
    await registry.revokeDevice(made[7]?.deviceId ?? '');
    const imeis = rows.map(({ device }) => device.imei);
    const untilMs = clock.now() + minuteMs;
    const answer = await registry.credentials.openWindows([...imeis, '111111111111111', imeis[0] as string], untilMs);
    assert.equal(answer.opened.length, 1199);
    assert.deepEqual(answer.unknown.toSorted(), ['111111111111111', imeis[7]]);
    for (const i of [0, 8, 600, 1199])
      assert.equal(registry.directory.deviceByImei(imeis[i] as string)?.credentials.enrolmentUntil, untilMs);
    assert.equal(registry.directory.deviceByImei(imeis[7] as string)?.credentials.enrolmentUntil, null);
    await until(
      'all is known there',
      () => other.directory.deviceByImei(imeis[1199] as string)?.credentials.enrolmentUntil === untilMs,
    );
    await assert.rejects(registry.credentials.openWindows(['12'], untilMs), withCode('invalid_field'));
  });

  it('pins a certificate and lets go of it: a new version each time, none when nothing changes', async () => {
    const { device } = await newDevice();
    const sha256 = 'ab'.repeat(32);
    const pinned = await registry.credentials.pinCertificate(device.id, sha256);
    assert.deepEqual([pinned.credentials.certificateSha256, pinned.credentials.version], [sha256, 2]);
    assert.deepEqual(await registry.credentials.pinCertificate(device.id, sha256), pinned);
    assert.equal((await registry.credentials.pinCertificate(device.id, 'cd'.repeat(32))).credentials.version, 3);
    assert.equal((await registry.credentials.unpinCertificate(device.id)).credentials.version, 4);
    assert.equal((await registry.credentials.unpinCertificate(device.id)).credentials.version, 4);
    await assert.rejects(registry.credentials.pinCertificate(device.id, 'AB'), withCode('invalid_field'));
    assert.deepEqual(await eventsOf(device.id), ['certificate_unpinned', 'certificate_pinned', 'certificate_pinned']);
  });

  it('pages events, newest first, and keeps no secret in them', async () => {
    const { device } = await newDevice();
    const { secret } = await registry.credentials.renewSecret(device.id);
    for (let i = 0; i < 4; i++) await registry.credentials.openWindow(device.id, clock.now() + minuteMs + i);
    const first = await registry.credentials.events(device.id, { limit: 3 });
    const second = await registry.credentials.events(device.id, { limit: 3, beforeNo: first.at(-1)?.eventNo });
    const numbers = [...first, ...second].map(({ eventNo }) => eventNo);
    assert.deepEqual([first.length, second.length, new Set(numbers).size], [3, 2, 5]);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => b - a),
    );
    const { rows } = await test.storage.withActor({ kind: 'operator', id: 'test' }, (tx) =>
      sql<{ text: string }>`select string_agg(row_to_json(e)::text, '') as text from credential_events e`.execute(tx),
    );
    assert.equal(rows[0]?.text.includes(secret), false);
    await assert.rejects(registry.credentials.events('dev_0000000000000000', { limit: 1 }), withCode('not_found'));
  });

  it('PostgreSQL itself lets nobody change or remove an event', async () => {
    for (const statement of ['update credential_events set detail = $$x$$', 'delete from credential_events'])
      await assert.rejects(
        test.storage.withActor({ kind: 'operator', id: 'test' }, (tx) => sql.raw(statement).execute(tx)),
        { code: '42501' },
      );
  });
});

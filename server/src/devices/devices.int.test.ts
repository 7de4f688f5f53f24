import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { sql } from 'kysely';
import { CallerError, makeManualClock, silentLogger } from '../kernel/index.ts';
import { type Device, openRegistry, type Registry } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';
import { openTestStorage, type TestStorage } from '../storage/testing/test-storage.ts';
import { until } from '../storage/testing/wait.ts';
import { makeFetchSecret } from './fetch-secret.ts';
import { openDevices } from './open-devices.ts';
import { unwrapKey, wrapKey } from './store.ts';
import type { Devices } from './types.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const address = '10.0.0.1';
const withCode = (code: string) => (error: unknown) => error instanceof CallerError && error.code === code;

describe('devices', { timeout: 600_000 }, () => {
  const clock = makeManualClock(startMs);
  const pepper = Buffer.alloc(32, 1);
  const closers: (() => Promise<void>)[] = [];
  let test: TestStorage;
  let registry: Registry;
  let devices: Devices;
  /** A whole process: its own pool, directory and keys. */
  const openProcess = async (): Promise<{ registry: Registry; devices: Devices }> => {
    const storage = await test.openAnother();
    const itsRegistry = await openRegistry({ storage, pepper, clock, logger: silentLogger });
    const itsDevices = await openDevices({ storage, registry: itsRegistry, pepper, clock, logger: silentLogger });
    closers.push(async () => {
      await itsDevices.close();
      await itsRegistry.close();
    });
    return { registry: itsRegistry, devices: itsDevices };
  };
  before(async () => {
    test = await openTestStorage('devices');
    ({ registry, devices } = await openProcess());
  });
  after(async () => {
    await Promise.all(closers.map((close) => close()));
    await test.close();
  });

  let number = 0;
  const newDevice = async (): Promise<{ device: Device; secret: string }> => {
    number++;
    const vehicle = await registry.createVehicle({ vin: `WVW${String(number).padStart(14, '0')}`, customer: 'Acme' });
    return registry.createDevice({ imei: String(350_000_000_000_000 + number), vehicleId: vehicle.id });
  };
  const keyIds = async (): Promise<string[]> => {
    const { rows } = await test.storage.withActor({ kind: 'system', id: 'test' }, (tx) =>
      sql<{ id: string }>`select id from token_keys`.execute(tx),
    );
    return rows.map((row) => row.id);
  };

  it('logs a device in with a short-lived EdDSA token that it is known by', async () => {
    const { device, secret } = await newDevice();
    const { token, expiresAt } = await devices.login(device.imei, secret, address);
    assert.equal(expiresAt, startMs + hourMs);
    assert.equal(decodeProtectedHeader(token).alg, 'EdDSA');
    const { sub, exp, iat } = decodeJwt(token);
    assert.deepEqual([sub, (exp as number) * 1000, (iat as number) * 1000], [device.id, startMs + hourMs, startMs]);
    assert.equal(token.includes(device.imei), false);
    assert.deepEqual(await devices.authenticate(token), { device, expiresAt });
  });

  it('refuses a wrong secret and an unknown IMEI', async () => {
    const { device } = await newDevice();
    await assert.rejects(devices.login(device.imei, 'wrong', address), withCode('unauthorized'));
    await assert.rejects(devices.login('111111111111111', 'wrong', address), withCode('unauthorized'));
    await assert.rejects(devices.login(device.imei, 'x'.repeat(1_000_000), address), withCode('unauthorized'));
  });

  it('spends the same time on an unknown IMEI as on a wrong secret', async () => {
    const { device } = await newDevice();
    const secret = 's'.repeat(32);
    const measure = (deviceNo: number | undefined, times: number): number => {
      const startedAt = performance.now();
      for (let i = 0; i < times; i++) registry.verifySecret(deviceNo, secret);
      return performance.now() - startedAt;
    };
    measure(device.deviceNo, 5000);
    measure(undefined, 5000);
    const ratios = Array.from({ length: 15 }, () => measure(device.deviceNo, 1000) / measure(undefined, 1000)).sort(
      (a, b) => a - b,
    );
    const median = ratios[7] as number;
    assert.ok(median > 0.7 && median < 1.4, `known to unknown ${median.toFixed(2)}`);
  });

  it('refuses a token that was changed, is of another key, of another algorithm, or none at all', async () => {
    const { device, secret } = await newDevice();
    const { token } = await devices.login(device.imei, secret, address);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'dev_0000000000000000' })).toString('base64url');
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    const sign = (key: Parameters<SignJWT['sign']>[0], alg: string): Promise<string> =>
      new SignJWT({ ...decodeJwt(token) }).setProtectedHeader({ alg, kid: decodeProtectedHeader(token).kid as string }).sign(key);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const secretOfPublic = Buffer.from(JSON.stringify(await exportJWK(pair.publicKey)));
    const malformed = ['', 'x', 'a.b.c', `${header}.${payload}.${'A'.repeat(86)}`, `${token}x`, 'x'.repeat(100_000), none];
    const wellFormed = [
      `${header}.${forged}.${signature}`,
      await sign(pair.privateKey, 'EdDSA'),
      await sign(secretOfPublic, 'HS256'),
    ];
    const all = [...malformed, ...wellFormed];
    for (const bad of all) await assert.rejects(devices.authenticate(bad), withCode('unauthorized'), bad.slice(0, 40));
  });

  it('refuses a token when its time is over, remembered or not', async () => {
    const { device, secret } = await newDevice();
    const other = await openProcess();
    const { token } = await devices.login(device.imei, secret, address);
    clock.advance(hourMs - 1);
    await devices.authenticate(token);
    clock.advance(1);
    await assert.rejects(devices.authenticate(token), withCode('token_expired'));
    await assert.rejects(other.devices.authenticate(token), withCode('token_expired'));
  });

  it('revokes within a second, here and in another process', async () => {
    const { device, secret } = await newDevice();
    const other = await openProcess();
    const { token } = await devices.login(device.imei, secret, address);
    await until('the device is known there', () => other.registry.directory.deviceById(device.id) !== undefined);
    await other.devices.authenticate(token);
    const heard: string[] = [];
    devices.onRevoked((deviceNo) => heard.push(`here ${deviceNo}`));
    other.devices.onRevoked((deviceNo) => heard.push(`there ${deviceNo}`));
    const startedAt = performance.now();
    await registry.revokeDevice(device.id);
    // The other process may be as quick.
    assert.ok(heard.includes(`here ${device.deviceNo}`));
    await until('heard there', () => heard.length === 2);
    assert.ok(performance.now() - startedAt < 1000);
    for (const process of [devices, other.devices]) {
      await assert.rejects(process.authenticate(token), withCode('revoked'));
      await assert.rejects(process.login(device.imei, secret, address), withCode('unauthorized'));
    }
  });

  it('ends tokens when the secret changes, within a second here and in another process', async () => {
    const { device, secret } = await newDevice();
    const other = await openProcess();
    const { token } = await devices.login(device.imei, secret, address);
    const identity = await other.devices.authenticate(token);
    const heard: string[] = [];
    devices.onCredentialsChanged((deviceNo) => heard.push(`here ${deviceNo}`));
    other.devices.onCredentialsChanged((deviceNo) => heard.push(`there ${deviceNo}`));
    const startedAt = performance.now();
    await registry.credentials.openWindow(device.id, clock.now() + 60_000);
    assert.deepEqual(heard, [], 'a window ends nothing');
    const renewed = await registry.credentials.renewSecret(device.id);
    assert.deepEqual(heard, [`here ${device.deviceNo}`]);
    const fresh = await devices.login(device.imei, renewed.secret, address);
    // It may come before the other process has heard of the change.
    assert.equal((await other.devices.authenticate(fresh.token)).device.id, device.id);
    await until('heard there', () => heard.length === 2);
    assert.ok(performance.now() - startedAt < 1000);
    assert.equal(other.devices.isCurrent(identity), false);
    for (const process of [devices, other.devices]) {
      await assert.rejects(process.authenticate(token), withCode('unauthorized'));
      await assert.rejects(process.login(device.imei, secret, address), withCode('unauthorized'));
      assert.equal(process.isCurrent(await process.authenticate(fresh.token)), true);
    }
  });

  it('answers a fetch for an IMEI that is unknown, has no window, or has fetched, alike and all from memory', async () => {
    const storage = await test.openAnother();
    let transactions = 0;
    const withActor: Storage['withActor'] = (actor, run) => {
      transactions++;
      return storage.withActor(actor, run);
    };
    const counted: Storage = { ...storage, withActor };
    const itsRegistry = await openRegistry({ storage: counted, pepper, clock, logger: silentLogger });
    closers.push(() => itsRegistry.close());
    const fetch = makeFetchSecret(itsRegistry, clock, silentLogger);
    const [closed, fetched] = [await newDevice(), await newDevice()];
    await registry.credentials.openWindow(fetched.device.id, clock.now() + 60_000);
    await until(
      'the other process knows them',
      () => (itsRegistry.directory.deviceByImei(fetched.device.imei)?.credentials.enrolmentUntil ?? 0) > 0,
    );
    const known = transactions;
    assert.ok((await fetch(fetched.device.imei, address)).secret);
    assert.ok(transactions > known, 'one that is granted is written');
    const written = transactions;
    const imeis = ['111111111111111', closed.device.imei, fetched.device.imei] as const;
    const errors = await Promise.all(imeis.map((imei, i) => fetch(imei, `10.1.0.${i}`).catch((error: unknown) => error)));
    assert.equal(new Set(errors.map((error) => JSON.stringify([(error as CallerError).code, String(error)]))).size, 1);
    // What takes a thousand times as long as a look into memory would tell who is registered.
    assert.equal(transactions, written);
  });

  it('processes that start together share one key; tokens of one are good for the other', async () => {
    const [one, two] = await Promise.all([openProcess(), openProcess()]);
    assert.equal((await keyIds()).length, 1);
    const { device, secret } = await newDevice();
    await until('known to both', () =>
      [one, two].every((process) => process.registry.directory.deviceById(device.id) !== undefined),
    );
    const { token } = await one.devices.login(device.imei, secret, address);
    assert.equal((await two.devices.authenticate(token)).device.id, device.id);
  });

  it('rotates keys; tokens of the old one are good until their time is over, then it is removed', async () => {
    const { device, secret } = await newDevice();
    const other = await openProcess();
    const [firstKey] = await keyIds();
    clock.advance(startMs + 30 * dayMs - 1000 - clock.now());
    const old = await devices.login(device.imei, secret, address);
    assert.equal(decodeProtectedHeader(old.token).kid, firstKey);
    clock.advance(2000);
    const fresh = await devices.login(device.imei, secret, address);
    assert.notEqual(decodeProtectedHeader(fresh.token).kid, firstKey);
    // The other process has not seen the new key yet: it looks for it.
    assert.equal((await other.devices.authenticate(fresh.token)).device.id, device.id);
    assert.equal((await other.devices.authenticate(old.token)).device.id, device.id);
    clock.advance(30 * dayMs);
    await devices.login(device.imei, secret, address);
    assert.equal((await keyIds()).includes(firstKey as string), false);
  });

  it('keeps private keys encrypted under the pepper and bound to their id', async () => {
    const wrapped = wrapKey(pepper, 'one', Buffer.from('private'));
    assert.equal(wrapped.includes('private'), false);
    assert.equal(unwrapKey(pepper, 'one', wrapped)?.toString(), 'private');
    assert.equal(unwrapKey(pepper, 'two', wrapped), undefined);
    assert.equal(unwrapKey(Buffer.alloc(32, 2), 'one', wrapped), undefined);
    const { rows } = await test.storage.withActor({ kind: 'system', id: 'test' }, (tx) =>
      sql<{ d: string | null }>`select public_jwk ->> 'd' as d from token_keys`.execute(tx),
    );
    assert.ok(rows.length > 0 && rows.every((row) => row.d === null), 'the public part has no private one');
    assert.equal(
      await test.storage.withActor(
        { kind: 'operator', id: 'x' },
        async (tx) => (await sql`select 1 from token_keys`.execute(tx)).rows.length,
      ),
      0,
    );
  });
});

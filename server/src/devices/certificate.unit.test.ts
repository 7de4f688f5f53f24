import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError, makeManualClock } from '../kernel/index.ts';
import type { ClientCertificate } from '../protocols/index.ts';
import type { Device, Registry } from '../registry/index.ts';
import { makeCheckCertificate } from './certificate.ts';

const imei = '490154203237518';
const credentials = { version: 1, secretIssuedAt: 0, secretFetchedAt: null, enrolmentUntil: null, certificateSha256: null };
const device = { deviceNo: 1, id: 'dev_1', imei, revokedAt: null, credentials } as unknown as Device;
const good: ClientCertificate = {
  distrust: undefined,
  imeis: [imei],
  sha256: 'ab'.repeat(32),
  notBeforeMs: 1000,
  notAfterMs: 2000,
};

/** Of the registry only what a certificate asks it. */
const checkWith = (known: Device, nowMs = 1500) =>
  makeCheckCertificate(
    { directory: { deviceByImei: (asked: string) => (asked === known.imei ? known : undefined) } } as unknown as Registry,
    makeManualClock(nowMs),
  );

const refusal = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof CallerError);
    return `${error.code}: ${error.message}`;
  }
  return assert.fail('was let in');
};

describe('certificates', () => {
  it('say who it is, for as long as they hold', () => {
    assert.deepEqual(checkWith(device)(good), { device, expiresAt: 2000 });
    assert.equal(checkWith(device, 1000)(good).device, device);
  });

  it('are refused with the reason', () => {
    const cases: [Partial<ClientCertificate>, RegExp][] = [
      [{ distrust: 'no CA of this server has signed it' }, /no CA of this server/],
      [{ imeis: [] }, /names no IMEI/],
      [{ imeis: [imei, '350000000000017'] }, /more than one/],
      [{ imeis: ['350000000000017'] }, /no device has/],
      [{ notAfterMs: 1500 }, /its time is over/],
      [{ notBeforeMs: 1501 }, /has not begun/],
    ];
    for (const [changes, words] of cases) {
      const heard = refusal(() => checkWith(device)({ ...good, ...changes }));
      assert.match(heard, /^certificate_refused: /);
      assert.match(heard, words);
    }
  });

  it('of a stranger hear nothing about who is registered', () => {
    const distrust = 'no CA of this server has signed it';
    const heard = [good.imeis, [], ['350000000000017'], [imei, '350000000000017']].map((imeis) =>
      refusal(() => checkWith({ ...device, revokedAt: 5 })({ ...good, distrust, imeis })),
    );
    assert.equal(new Set(heard).size, 1);
  });

  it('of a revoked device are told so; of a pinned one only that one counts', () => {
    assert.match(
      refusal(() => checkWith({ ...device, revokedAt: 5 })(good)),
      /^revoked: /,
    );
    const pinned = (certificateSha256: string): Device => ({ ...device, credentials: { ...credentials, certificateSha256 } });
    assert.equal(checkWith(pinned(good.sha256))(good).expiresAt, 2000);
    assert.match(
      refusal(() => checkWith(pinned('cd'.repeat(32)))(good)),
      /another one is pinned/,
    );
  });
});

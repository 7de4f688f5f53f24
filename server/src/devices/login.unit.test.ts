import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError, makeManualClock, networkOf } from '../kernel/index.ts';
import type { Device, Registry } from '../registry/index.ts';
import { failuresByAddress, failuresByImeiAndAddress, makeCheckLogin } from './login.ts';

const imei = '490154203237518';
const device = { deviceNo: 1, id: 'dev_1', imei, revokedAt: null } as Device;

/** Of the registry only what a login asks it; notes which device each secret was compared for. */
const registryOf = (known: Device, compared: (number | undefined)[] = []): Registry =>
  ({
    directory: { deviceByImei: (asked: string) => (asked === known.imei ? known : undefined) },
    verifySecret: (deviceNo: number | undefined, secret: string) => {
      compared.push(deviceNo);
      return deviceNo === known.deviceNo && secret === 'right';
    },
  }) as unknown as Registry;

const failure = (check: () => unknown): CallerError => {
  try {
    check();
  } catch (error) {
    assert.ok(error instanceof CallerError);
    return error;
  }
  return assert.fail('was let in');
};

describe('login', () => {
  it('answers an unknown IMEI, a wrong secret and a revoked device the same, after the same comparison', () => {
    const compared: (number | undefined)[] = [];
    const check = makeCheckLogin(registryOf(device, compared), makeManualClock(0));
    const wrong = failure(() => check(imei, 'wrong', '10.0.0.1'));
    const unknown = failure(() => check('111111111111111', 'right', '10.0.0.2'));
    const revoked = failure(() =>
      makeCheckLogin(registryOf({ ...device, revokedAt: 5 }, compared), makeManualClock(0))(imei, 'right', '10.0.0.3'),
    );
    for (const error of [wrong, unknown, revoked]) {
      assert.deepEqual([error.code, error.message, error.details], ['unauthorized', wrong.message, {}]);
    }
    assert.deepEqual(compared, [1, undefined, 1]);
  });

  it('limits failures for an IMEI from an address, says how long, and still lets the right secret in', () => {
    const clock = makeManualClock(1_000_000);
    const check = makeCheckLogin(registryOf(device), clock);
    const attempt = (): string => failure(() => check(imei, 'wrong', '10.0.0.1')).code;
    for (let i = 0; i < failuresByImeiAndAddress.failuresMax; i++) assert.equal(attempt(), 'unauthorized');
    clock.advance(10_000);
    const limited = failure(() => check(imei, 'wrong', '10.0.0.1'));
    assert.deepEqual([limited.code, limited.details.retryAfterSeconds], ['too_many_failures', 50]);
    assert.equal(check(imei, 'right', '10.0.0.1'), device);
    assert.equal(failure(() => check(imei, 'wrong', '10.0.0.2')).code, 'unauthorized', 'another address has a count of its own');
    clock.advance(50_000);
    assert.equal(attempt(), 'unauthorized');
  });

  it('limits failures of an address over all IMEIs', () => {
    const check = makeCheckLogin(registryOf(device), makeManualClock(0));
    const attempt = (i: number, address: string): string =>
      failure(() => check(String(200_000_000_000_000 + i), 'x', address)).code;
    for (let i = 0; i < failuresByAddress.failuresMax; i++) assert.equal(attempt(i, '10.0.0.1'), 'unauthorized');
    assert.equal(attempt(999, '10.0.0.1'), 'too_many_failures');
    assert.equal(attempt(999, '10.0.0.9'), 'unauthorized');
    assert.equal(check(imei, 'right', '10.0.0.1'), device);
  });

  it('counts an IPv6 network as one address', () => {
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(networkOf('2001:0DB8:1:2::9'), '2001:db8:1:2::/64');
    assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64');
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
    assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
    assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
    assert.equal(networkOf('10.0.0.1'), '10.0.0.1');
  });
});

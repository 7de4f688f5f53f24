import { CallerError, type Clock, FailureCounter, type FailureLimit, networkOf } from '../kernel/index.ts';
import type { Device, Registry } from '../registry/index.ts';

/** Wrong secrets for one IMEI from one address. */
export const failuresByImeiAndAddress: FailureLimit = { failuresMax: 5, windowMs: 60_000, keysMax: 50_000 };
/** Wrong secrets from one address for whatever IMEI; a whole fleet may stand behind one address. */
export const failuresByAddress: FailureLimit = { failuresMax: 100, windowMs: 60_000, keysMax: 20_000 };
/** Longer ones are no secret of ours and are not hashed. */
const secretCharactersMax = 256;

export interface CheckLogin {
  (imei: string, secret: string, address: string): Device;
  /** As far as this process knows: another one may just have made the device, or its secret. */
  fits(imei: string, secret: string): boolean;
}

/**
 * Checks a secret before any limit, so a stranger's failures never lock a device out. A device that is unknown or
 * revoked goes the same way as one whose secret is wrong.
 */
export const makeCheckLogin = (registry: Registry, clock: Clock): CheckLogin => {
  const byImeiAndAddress = new FailureCounter(failuresByImeiAndAddress);
  const byAddress = new FailureCounter(failuresByAddress);
  const find = (imei: string, secret: string): Device | undefined => {
    const device = registry.directory.deviceByImei(imei);
    const isRight = registry.verifySecret(device?.deviceNo, secret.slice(0, secretCharactersMax));
    return device && isRight && device.revokedAt === null ? device : undefined;
  };
  const check = (imei: string, secret: string, address: string): Device => {
    const device = find(imei, secret);
    if (device) return device;
    const network = networkOf(address);
    const nowMs = clock.steady();
    const refusedMs = Math.max(byImeiAndAddress.fail(`${imei.slice(0, 15)} ${network}`, nowMs), byAddress.fail(network, nowMs));
    if (refusedMs > 0) {
      throw new CallerError('too_many_failures', 'too many failed logins: wait before the next one', {
        retryAfterSeconds: Math.ceil(refusedMs / 1000),
      });
    }
    throw new CallerError('unauthorized', 'the IMEI or the secret is wrong');
  };
  return Object.assign(check, { fits: (imei: string, secret: string) => find(imei, secret) !== undefined });
};

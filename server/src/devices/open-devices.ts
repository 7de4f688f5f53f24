import { CallerError, type Clock, type Logger } from '../kernel/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';
import { makeCheckLogin } from './login.ts';
import { SigningKeys } from './signing-keys.ts';
import { Tokens } from './tokens.ts';
import type { Devices } from './types.ts';

export const defaultTokenLifetimeMs = 3_600_000;
export const defaultRotateAfterMs = 30 * 86_400_000;

export interface DevicesOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One hour unless told. */
  readonly tokenLifetimeMs?: number;
  /** For how long a key signs; 30 days unless told. */
  readonly rotateAfterMs?: number;
}

/** Hears of revocations through the directory, which follows the writes of every process. */
const followRevocations = (
  { registry, logger }: DevicesOptions,
  listeners: ReadonlySet<(deviceNo: number) => void>,
): (() => void) => {
  const told = new Set<number>();
  return registry.directory.onChange((change) => {
    if (change.kind !== 'device' || change.device.revokedAt === null || told.has(change.device.deviceNo)) return;
    told.add(change.device.deviceNo);
    for (const listener of listeners) {
      try {
        listener(change.device.deviceNo);
      } catch (error) {
        logger.error('a listener of revocations failed', { error });
      }
    }
  });
};

export const openDevices = async (options: DevicesOptions): Promise<Devices> => {
  const { clock, registry, tokenLifetimeMs = defaultTokenLifetimeMs, rotateAfterMs = defaultRotateAfterMs } = options;
  const keys = new SigningKeys({ ...options, tokenLifetimeMs, rotateAfterMs });
  await keys.load();
  const tokens = new Tokens(keys, clock, tokenLifetimeMs);
  const checkLogin = makeCheckLogin(registry, clock);
  const listeners = new Set<(deviceNo: number) => void>();
  const stopFollowing = followRevocations(options, listeners);
  return {
    login: async (imei, secret, address) => tokens.issue(checkLogin(imei, secret, address).id),
    authenticate: async (token) => {
      const { deviceId, expiresAt } = await tokens.verify(token);
      const device = registry.directory.deviceById(deviceId);
      if (!device) throw new CallerError('unauthorized', 'the token is not valid');
      if (device.revokedAt !== null) throw new CallerError('revoked', 'the device was revoked');
      return { device, expiresAt };
    },
    onRevoked: (callback) => {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    close: () => {
      stopFollowing();
      listeners.clear();
      return Promise.resolve();
    },
  };
};

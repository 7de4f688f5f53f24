import { CallerError, type Clock, type Logger, OperationalError } from '../kernel/index.ts';
import type { DirectoryChange, Registry } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';
import { makeCheckCertificate } from './certificate.ts';
import { makeFetchSecret } from './fetch-secret.ts';
import { makeCheckLogin } from './login.ts';
import { SigningKeys } from './signing-keys.ts';
import { Tokens } from './tokens.ts';
import type { DeviceIdentity, Devices } from './types.ts';

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

/** Listeners that hear of a device by its number; one that throws keeps the others from nothing. */
class DeviceListeners {
  readonly #callbacks = new Set<(deviceNo: number) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(callback: (deviceNo: number) => void): () => void {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  }

  tell(deviceNo: number): void {
    for (const callback of this.#callbacks) {
      try {
        callback(deviceNo);
      } catch (error) {
        this.#logger.error('a listener of devices failed', { error });
      }
    }
  }

  clear(): void {
    this.#callbacks.clear();
  }
}

/** What of a change of the directory ends connections. */
const endingOf = (change: DirectoryChange): 'revoked' | 'changed' | undefined => {
  if (change.kind !== 'device' || !change.previous) return undefined;
  const { device, previous } = change;
  if (device.revokedAt !== null) return previous.revokedAt === null ? 'revoked' : undefined;
  return device.credentials.version > previous.credentials.version ? 'changed' : undefined;
};

/** Hears through the directory, which follows the writes of every process. */
const followDirectory = ({ registry }: DevicesOptions, revoked: DeviceListeners, changed: DeviceListeners): (() => void) =>
  registry.directory.onChange((change) => {
    const ending = endingOf(change);
    if (ending && change.kind === 'device') (ending === 'revoked' ? revoked : changed).tell(change.device.deviceNo);
  });

/** Who is refused for good does not come again: so long it is waited for what other processes may have written. */
const refuseWaitMs = 3000;

const notKnownYet = (): Error =>
  new OperationalError('unavailable', 'the database does not tell whether the device is known', { retryAfterSeconds: 2 });

const makeAuthenticate =
  (registry: Registry, tokens: Tokens): Devices['authenticate'] =>
  async (token) => {
    const { directory } = registry;
    const { deviceId, credentialVersion, expiresAt } = await tokens.verify(token);
    // The token is one of ours, so the device is new, and made elsewhere.
    const isSure = directory.deviceById(deviceId) !== undefined || (await registry.catchUp(refuseWaitMs));
    const device = directory.deviceById(deviceId);
    if (!device && !isSure) throw notKnownYet();
    if (!device) throw new CallerError('unauthorized', 'the token is not valid');
    if (device.revokedAt !== null) throw new CallerError('revoked', 'the device was revoked');
    // One of a newer version comes from a process that knows of the change already.
    if (credentialVersion < device.credentials.version)
      throw new CallerError('unauthorized', 'the token was issued before the secret or certificate of the device changed');
    return { device, expiresAt };
  };

const isCurrentIn =
  ({ directory }: Registry) =>
  ({ device }: DeviceIdentity): boolean => {
    const known = directory.deviceByNo(device.deviceNo);
    return known?.revokedAt === null && known.credentials.version === device.credentials.version;
  };

export const openDevices = async (options: DevicesOptions): Promise<Devices> => {
  const { clock, registry, logger, tokenLifetimeMs = defaultTokenLifetimeMs, rotateAfterMs = defaultRotateAfterMs } = options;
  const keys = new SigningKeys({ ...options, tokenLifetimeMs, rotateAfterMs });
  await keys.load();
  const tokens = new Tokens(keys, clock, tokenLifetimeMs);
  const checkLogin = makeCheckLogin(registry, clock);
  const checkCertificate = makeCheckCertificate(registry, clock);
  const [revoked, changed] = [new DeviceListeners(logger), new DeviceListeners(logger)];
  const stopFollowing = followDirectory(options, revoked, changed);
  return {
    login: async (imei, secret, address) => {
      const isSure = checkLogin.fits(imei, secret) || (await registry.catchUp(refuseWaitMs));
      // Nothing is counted against somebody whom another process may have enrolled a moment ago.
      if (!isSure && !checkLogin.fits(imei, secret)) throw notKnownYet();
      return tokens.issue(checkLogin(imei, secret, address));
    },
    authenticate: makeAuthenticate(registry, tokens),
    authenticateCertificate: checkCertificate,
    loginByCertificate: async (certificate) => {
      const isKnown = certificate.imeis.every((imei) => registry.directory.deviceByImei(imei));
      if (!isKnown && certificate.distrust === undefined) await registry.catchUp();
      const { device, expiresAt } = checkCertificate(certificate);
      return tokens.issue(device, expiresAt);
    },
    fetchSecret: makeFetchSecret(registry, clock, logger),
    isCurrent: isCurrentIn(registry),
    onRevoked: (callback) => revoked.add(callback),
    onCredentialsChanged: (callback) => changed.add(callback),
    close: () => {
      stopFollowing();
      revoked.clear();
      changed.clear();
      return Promise.resolve();
    },
  };
};

import { CallerError, type Clock, FailureCounter, type FailureLimit, type Logger, networkOf } from '../kernel/index.ts';
import type { NewSecret, Registry } from '../registry/index.ts';

/** Fetches that found no window, for one IMEI from one address. */
export const fetchFailuresByImeiAndAddress: FailureLimit = { failuresMax: 5, windowMs: 60_000, keysMax: 50_000 };
/** The same for whatever IMEI. Far fewer than logins: an IMEI can be guessed, a secret cannot. */
export const fetchFailuresByAddress: FailureLimit = { failuresMax: 20, windowMs: 60_000, keysMax: 20_000 };

export type FetchSecret = (imei: string, address: string) => Promise<NewSecret>;

/**
 * Gives a device its secret once in an enrolment window. Unlike at login the limit comes before the look: whoever tried too many IMEIs is
 * refused also when one of them is right, since the IMEI is all that is asked for.
 */
export const makeFetchSecret = (registry: Registry, clock: Clock, logger: Logger): FetchSecret => {
  const byImeiAndAddress = new FailureCounter(fetchFailuresByImeiAndAddress);
  const byAddress = new FailureCounter(fetchFailuresByAddress);
  const refuseWhenLimited = (key: string, network: string): void => {
    const nowMs = clock.now();
    const refusedMs = Math.max(byImeiAndAddress.refusedMs(key, nowMs), byAddress.refusedMs(network, nowMs));
    if (refusedMs === 0) return;
    throw new CallerError('too_many_failures', 'too many failed enrolments: wait before the next one', {
      retryAfterSeconds: Math.ceil(refusedMs / 1000),
    });
  };
  /** Who tries out IMEIs is noted once in each of its windows. */
  const countFailure = (key: string, network: string): void => {
    const nowMs = clock.now();
    byImeiAndAddress.fail(key, nowMs);
    byAddress.fail(network, nowMs);
    if (byAddress.refusedMs(network, nowMs) > 0) logger.warn('an address asked for too many secrets', { address: network });
  };
  return async (imei, address) => {
    const network = networkOf(address);
    const key = `${imei.slice(0, 15)} ${network}`;
    refuseWhenLimited(key, network);
    const fetch = (): Promise<NewSecret | undefined> => registry.credentials.fetchSecret(imei, network);
    let fetched = await fetch();
    if (!fetched) {
      // The window may have been opened elsewhere just now.
      await registry.catchUp();
      fetched = await fetch();
    }
    if (fetched) {
      logger.info('a device fetched its secret', { deviceId: fetched.device.id, address: network });
      return fetched;
    }
    countFailure(key, network);
    throw new CallerError('unauthorized', 'no enrolment window is open for this IMEI');
  };
};

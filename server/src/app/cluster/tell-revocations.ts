import type { Devices } from '../../devices/index.ts';
import type { Logger } from '../../kernel/index.ts';
import type { Registry } from '../../registry/index.ts';
import type { FanOut } from '../../storage/index.ts';

const channel = 'devices.revoked';

export interface RevocationParts {
  readonly fanOut: FanOut;
  readonly devices: Pick<Devices, 'onRevoked'>;
  readonly registry: Pick<Registry, 'directory' | 'rereadDevice'>;
  /** This process may be the one that revoked. */
  readonly isTelling: boolean;
  readonly logger: Logger;
}

/**
 * A second way for revocations, beside PostgreSQL's: a gateway whose listening connection is about to be found dead cuts the device all the same. The
 * message is the deviceNo; what is true of it is read from PostgreSQL. Answers the end of it.
 */
export const tellRevocations = async ({ fanOut, devices, registry, isTelling, logger }: RevocationParts): Promise<() => void> => {
  const stopHearing = await fanOut.subscribe(channel, {
    heard: async (message) => {
      const deviceNo = Number(message.toString());
      const isNews = Number.isSafeInteger(deviceNo) && registry.directory.deviceByNo(deviceNo)?.revokedAt === null;
      if (isNews) await registry.rereadDevice(deviceNo);
    },
    // What was missed comes from PostgreSQL.
    gap: () => {},
  });
  if (!isTelling) return stopHearing;
  const tell = (deviceNo: number): void => {
    fanOut
      .publish(channel, String(deviceNo))
      .catch((error: unknown) => logger.debug('a revocation was told by PostgreSQL only', { error }));
  };
  const stopTelling = devices.onRevoked(tell);
  return () => {
    stopTelling();
    stopHearing();
  };
};

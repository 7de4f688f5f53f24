import { coreVocabulary } from '@milepost/contract';
import type { Clock, Logger } from '../../kernel/index.ts';
import { type Registry, systemRandom } from '../../registry/index.ts';
import { type Consents, openConsents } from '../../sharing/index.ts';
import type { Storage } from '../../storage/index.ts';

/** Grants that end with a transfer, as the server has them. */
export const openTestConsents = async (
  { storage, registry }: { readonly storage: Storage; readonly registry: Registry },
  timed: { readonly clock: Clock; readonly logger: Logger },
): Promise<Consents> => {
  const { possessions } = registry;
  const known = { random: systemRandom, vocabulary: () => coreVocabulary, possession: possessions.directory };
  const consents = await openConsents({ storage, ...timed, ...known });
  possessions.whenTransferred((tx, vehicleNo, nowMs) => consents.endGrantsOfVehicle(tx, vehicleNo, 'transferred', nowMs));
  return consents;
};

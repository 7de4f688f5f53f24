import { coreVocabulary } from '@milepost/contract';
import type { Clock, Logger } from '../../kernel/index.ts';
import { type ConsentAnswers, grantsOfAnswers } from '../../oauth/index.ts';
import { type Registry, systemRandom } from '../../registry/index.ts';
import {
  type Consents,
  makeVehicleIds,
  openConsents,
  openReceipts,
  type Receipts,
  type VehicleIds,
} from '../../sharing/index.ts';
import type { Erasures } from '../../erasure/index.ts';
import type { People } from '../../people/index.ts';
import { PersonErasures } from '../../person-erasure/index.ts';
import { openPersonalExports, type PersonalExports } from '../../personal-data/index.ts';
import type { Storage } from '../../storage/index.ts';

export interface TestConsents {
  readonly consents: Consents;
  readonly receipts: Receipts;
  readonly personalExports: PersonalExports;
  /** Nothing is done in the background unless it is told to `tend`. */
  readonly personErasures: PersonErasures;
  readonly vehicleIds: VehicleIds;
  /** Where answers to what apps ask become grants. */
  readonly answers: ConsentAnswers;
}

/** Grants that end with a transfer, as the server has them. */
export const openTestConsents = async (
  { storage, registry, erasures }: { readonly storage: Storage; readonly registry: Registry; readonly erasures: Erasures },
  people: People,
  timed: { readonly clock: Clock; readonly logger: Logger },
): Promise<TestConsents> => {
  const { possessions, directory } = registry;
  const known = { random: systemRandom, vocabulary: () => coreVocabulary, possession: possessions.directory };
  const consents = await openConsents({ storage, ...timed, ...known });
  possessions.whenTransferred((tx, vehicleNo, nowMs) => consents.endGrantsOfVehicle(tx, vehicleNo, 'transferred', nowMs));
  registry.whenVehicleEnds((tx, vehicleNo, nowMs) => consents.endGrantsOfVehicle(tx, vehicleNo, 'vehicle_ended', nowMs));
  const vehicleIds = makeVehicleIds(Buffer.alloc(32, 7));
  const receipts = await openReceipts({ storage, ...timed, possession: possessions.directory });
  const personalExports = await openPersonalExports({ storage, ...timed });
  const keptDays = { log: 14, audit: 400, receipts: 400 };
  const personErasures = new PersonErasures({ storage, registry, erasures, consents, people, keptDays, ...timed });
  const answers = grantsOfAnswers({ consents, vehicleIds, directory });
  return { consents, receipts, personalExports, personErasures, vehicleIds, answers };
};

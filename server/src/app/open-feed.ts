import type { Erasures } from '../erasure/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { Feed } from '../feeds/index.ts';
import type { History } from '../history/index.ts';
import type { Live } from '../live/index.ts';
import type { Consents, ReadReceipts, VehicleIds } from '../sharing/index.ts';
import type { Base, Stored } from './open-parts.ts';

export interface FeedSources {
  readonly log: EventLog;
  readonly live: Live;
  readonly history: History;
  readonly erasures: Erasures;
  readonly consents: Consents;
  readonly receipts: ReadReceipts;
  readonly vehicleIds: VehicleIds;
}

/** What apps are told of changes: by each process that has the read models. */
export const openFeedIn = (
  { clock }: Pick<Base, 'clock'>,
  { storage, pepper, retention, vocabulary }: Pick<Stored, 'storage' | 'pepper' | 'retention' | 'vocabulary'>,
  { log, live, history, erasures, consents, receipts, vehicleIds }: FeedSources,
): Feed =>
  new Feed({
    log,
    live,
    history,
    storage,
    clock,
    pepper,
    vehicleIds,
    receipts,
    book: consents.book,
    vocabulary: () => vocabulary,
    kept: {
      isErased: (vehicleNo, timeMs) => erasures.isErased(vehicleNo, timeMs),
      keptFromMs: (vehicleNo, group, nowMs) => retention.keptFromMs(vehicleNo, group, nowMs),
    },
  });

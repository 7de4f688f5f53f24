import type { Erasures } from '../erasure/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import { Feed, Webhooks } from '../feeds/index.ts';
import { grantSourcesOf } from '../http/index.ts';
import type { Partners } from '../partners/index.ts';
import { systemRandom } from '../registry/index.ts';
import type { History } from '../history/index.ts';
import type { Live } from '../live/index.ts';
import { type Consents, partnerScope, type ReadReceipts, type VehicleIds } from '../sharing/index.ts';
import type { Base, Closers, Stored } from './open-parts.ts';

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

export interface WebhookSources {
  readonly registry: Stored['registry'];
  readonly consents: Consents;
  readonly partners: Pick<Partners, 'directory'>;
  readonly publicUrl: () => string;
  /** In a demo, and in tests. */
  readonly mayReachPrivate: boolean;
}

/** Each process that has the read models takes webhooks that nobody works on. */
export const openWebhooks = (
  { clock, logger }: Pick<Base, 'clock' | 'logger'>,
  feed: Feed,
  { registry, consents, partners, publicUrl, mayReachPrivate }: WebhookSources,
): Webhooks => {
  const sources = grantSourcesOf({ registry, consents, clock, vocabulary: feed.parts.vocabulary });
  const webhooks = new Webhooks({
    feed,
    clock,
    logger,
    publicUrl,
    mayReachPrivate,
    random: systemRandom,
    scopeOf: (appNo) => partnerScope(sources, appNo),
    isActive: (appNo) => partners.directory.list().some((app) => app.appNo === appNo && app.state === 'active'),
  });
  webhooks.start();
  return webhooks;
};

/** Until the server stops. */
export const openWebhooksIn = (
  base: Pick<Base, 'clock' | 'logger' | 'configuration'>,
  feed: Feed,
  of: Omit<WebhookSources, 'publicUrl'> & { readonly listensAt: () => string },
  closers: Closers,
): Webhooks => {
  const webhooks = openWebhooks(base, feed, { ...of, publicUrl: () => base.configuration.publicUrl ?? of.listensAt() });
  closers.add('webhooks', () => webhooks.close());
  return webhooks;
};

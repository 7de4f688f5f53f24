import { coreVocabulary } from '@milepost/contract';
import { type FeedSources, openFeedIn, openWebhooks, type WebhookSources } from '../../app/open-feed.ts';
import { openSandboxIn } from '../../app/open-sandbox.ts';
import type { EventLog } from '../../eventlog/index.ts';
import type { Feed, Webhooks } from '../../feeds/index.ts';
import type { Clock, Logger } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { Storage } from '../../storage/index.ts';

interface Parts extends Omit<FeedSources, 'log' | 'consents' | 'receipts' | 'vehicleIds'> {
  readonly storage: Storage;
  readonly retention: Retention;
  readonly eventLog: EventLog;
}

export interface TestFeed {
  readonly feed: Feed;
  readonly webhooks: Webhooks;
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

/** As in the server; webhooks may reach this machine, unless the settings say otherwise. */
export const openTestFeed = (
  timed: { readonly clock: Clock; readonly logger: Logger },
  parts: Parts & Pick<WebhookSources, 'registry'>,
  of: Pick<FeedSources, 'consents' | 'receipts' | 'vehicleIds'> & Pick<WebhookSources, 'partners'>,
  { publicUrl, mayReachPrivate = true }: { readonly publicUrl: () => string; readonly mayReachPrivate: boolean | undefined },
): TestFeed => {
  const stored = { ...parts, vocabulary: coreVocabulary, pepper: Buffer.alloc(32, 7) };
  const feed = openFeedIn(timed, stored, { ...parts, ...of, log: parts.eventLog });
  const webhooks = openWebhooks(timed, feed, { ...of, registry: parts.registry, publicUrl, mayReachPrivate });
  const sandbox = openSandboxIn(timed, stored, { ...parts, ...of, log: parts.eventLog }, { add: () => {} });
  return { feed, webhooks, sandbox, close: () => Promise.all([webhooks.close(), sandbox.close()]).then(() => {}) };
};

import { coreVocabulary } from '@milepost/contract';
import { type FeedSources, openFeedIn } from '../../app/open-feed.ts';
import type { EventLog } from '../../eventlog/index.ts';
import type { Feed } from '../../feeds/index.ts';
import type { Clock } from '../../kernel/index.ts';
import type { Retention } from '../../registry/index.ts';
import type { Storage } from '../../storage/index.ts';

interface Parts extends Omit<FeedSources, 'log' | 'consents' | 'receipts' | 'vehicleIds'> {
  readonly storage: Storage;
  readonly retention: Retention;
  readonly eventLog: EventLog;
}

/** As in the server. */
export const openTestFeed = (
  timed: { readonly clock: Clock },
  parts: Parts,
  of: Pick<FeedSources, 'consents' | 'receipts' | 'vehicleIds'>,
): Feed => {
  const stored = { ...parts, vocabulary: coreVocabulary, pepper: Buffer.alloc(32, 7) };
  return openFeedIn(timed, stored, { ...parts, ...of, log: parts.eventLog });
};

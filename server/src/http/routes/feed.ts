import { feedApiLimits } from '@milepost/contract/api';
import { feedReaderOf, partnerTokenOf } from '../partner/asked-vehicle.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

type Deps = Pick<HttpDeps, 'registry' | 'consents' | 'feed' | 'clock' | 'vocabulary'>;

/** What has changed of all vehicles of a token, by cursor. docs/partner.md */
export const addFeedRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { consents, feed } = deps;
  routes.add('readPartnerChanges', async ({ query, caller }) => {
    const token = partnerTokenOf(caller);
    const { appNo } = token.app;
    await consents.catchUp();
    const reader = feedReaderOf(deps, token);
    const from = query.cursor === undefined ? await feed.now(appNo) : feed.position(query.cursor, appNo);
    const page = await feed.page(reader, from, query.limit ?? feedApiLimits.pageDefault);
    for (const [i, event] of page.events.entries()) feed.note(appNo, page.vehicleNos[i] as number, event, 'changes');
    return { items: [...page.events], cursor: feed.codec.write(page.position), hasMore: !page.isAtEnd };
  });
};

import { feedApiLimits } from '@milepost/contract/api';
import { assert, invalidField } from '../../kernel/index.ts';
import { feedReaderOf, partnerTokenOf } from '../partner/asked-vehicle.ts';
import { type FeedStreamDeps, streamOwnerOf } from '../partner/open-streams.ts';
import { sendEvents } from '../partner/send-events.ts';
import type { RouteRegistrar } from '../register-route.ts';
import type { HttpDeps } from '../types.ts';

type Deps = Pick<HttpDeps, 'registry' | 'consents' | 'oauth' | 'feed' | 'clock' | 'vocabulary' | 'logger'> & FeedStreamDeps;

/** What has changed of all vehicles of a token, by cursor. docs/partner.md */
export const addFeedRoutes = (routes: RouteRegistrar, deps: Deps): void => {
  const { consents, feed, feedStreams, clock, logger } = deps;
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

  routes.add('streamPartner', async ({ query, caller, request, reply }) => {
    assert(caller.actor === 'partner', 'a partner was let in');
    const { appNo } = caller.token.app;
    await consents.catchUp();
    feedStreams.checkRoom(appNo);
    const { 'last-event-id': lastId } = request.headers;
    const cursor = query.cursor ?? lastId;
    if (Array.isArray(cursor) || (cursor?.length ?? 0) > feedApiLimits.cursorCharactersMax)
      throw invalidField('cursor', '', 'one cursor');
    const from = cursor === undefined ? undefined : feed.position(cursor, appNo);
    const owner = streamOwnerOf(deps, caller, request.headers);
    let end = (): void => {};
    const sink = sendEvents(reply, clock, () => end());
    try {
      const connection = await feedStreams.open(owner, sink, from);
      end = () => feedStreams.end(connection, 'going_away');
      if (reply.raw.destroyed) end();
    } catch (error) {
      logger.warn('a stream could not be opened', { error });
      sink.close('unavailable');
    }
    return reply;
  });
};

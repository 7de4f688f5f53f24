import type { IncomingMessage } from 'node:http';
import { FeedStreams, type StreamOwner } from '../../feeds/index.ts';
import { partnerScope } from '../../sharing/index.ts';
import type { PartnerCaller } from '../access/authenticate.ts';
import { readBearer } from '../../protocols/index.ts';
import { grantSourcesOf } from '../grant-sources.ts';
import type { HttpDeps } from '../types.ts';
import { vehicleNosOf } from './asked-vehicle.ts';

export interface FeedStreamDeps {
  readonly feedStreams: FeedStreams;
}

/** Streams of apps, over the log that this process follows. */
export const openPartnerStreams = (
  deps: Pick<HttpDeps, 'feed' | 'attachTail' | 'registry' | 'consents' | 'vocabulary' | 'clock' | 'logger'>,
): FeedStreams => new FeedStreams({ ...deps, scopeOf: (appNo) => partnerScope(grantSourcesOf(deps), appNo) });

/** Of whom a stream is: of the token that it was opened with, and as long as that lives. */
export const streamOwnerOf = (
  { consents, oauth }: Pick<HttpDeps, 'consents' | 'oauth'>,
  { token }: PartnerCaller,
  headers: IncomingMessage['headers'],
): StreamOwner => {
  const bearer = readBearer(headers.authorization ?? '') ?? '';
  return {
    appNo: token.app.appNo,
    vehicleNos: new Set(vehicleNosOf(token, consents)),
    grantIds: new Set(token.grantIds),
    isLetIn: async () => (await oauth.tokens.find(bearer)) !== undefined,
  };
};

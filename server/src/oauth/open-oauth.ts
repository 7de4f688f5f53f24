import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { Backchannel } from './backchannel.ts';
import { Consents } from './consents.ts';
import { keepSigningKeys } from './keys.ts';
import { oauthLimits } from './limits.ts';
import { PartnerTokens } from './partner-tokens.ts';
import { makeProvider, partnerApi } from './provider.ts';
import { announceForgotten, type Forgotten, oauthActor, oauthChannel, type RecordAdapterOptions } from './record-adapter.ts';
import { makeSeal } from './seal.ts';
import { deleteOfApp, sweepRecords } from './store-records.ts';
import type { OauthOptions } from './types.ts';

export interface Oauth {
  readonly consents: Consents;
  readonly tokens: PartnerTokens;
  /** What a token must be for on the routes of partners. */
  readonly audience: () => string;
  /** Answers a request to one of `oauthPaths`, or of discovery. `address`: from where it came. */
  handle(request: IncomingMessage, response: ServerResponse, address: string): Promise<void>;
  /** Ends every token of an app, or those that one person gave it. */
  endAccess(appId: string, personId: string | null): Promise<void>;
  /** Makes the next key now; the one before is published a while longer. */
  rotateKeys(): Promise<void>;
  /** Removes what has expired. */
  tend(): Promise<void>;
  close(): Promise<void>;
}

/** oidc-provider believes what a request says of itself: it is told what the issuer is, and from where it really came. */
const sayTruth = (request: IncomingMessage, issuer: string, address: string): void => {
  const { host, protocol } = new URL(issuer);
  request.headers.host = host;
  request.headers['x-forwarded-host'] = host;
  request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
  request.headers['x-forwarded-for'] = address;
};

/** Removes what has expired, again and again. */
const tendLater = ({ clock, logger }: OauthOptions, tend: () => Promise<void>): (() => void) => {
  let isClosed = false;
  let cancel = (): void => {};
  const schedule = (): void => {
    if (isClosed) return;
    cancel = clock.after(oauthLimits.sweepEveryMs, () => {
      tend()
        .catch((error: unknown) => logger.warn('what OAuth remembers could not be tended', { error }))
        .finally(schedule);
    });
  };
  schedule();
  return () => {
    isClosed = true;
    cancel();
  };
};

export const pingWith =
  ({ mayPingPrivate }: Pick<OauthOptions, 'mayPingPrivate'>): typeof fetch =>
  (address, init) => {
    // oidc-provider's own dispatcher looks at the address that is really connected to, and refuses those that are not public.
    if (!mayPingPrivate) return fetch(address, init);
    const { dispatcher: _dispatcher, ...rest } = { ...init } as RequestInit & { dispatcher?: unknown };
    return fetch(address, rest);
  };

export const openOauth = async (options: OauthOptions): Promise<Oauth> => {
  const { storage, clock, pepper } = options;
  const tokens = new PartnerTokens(options);
  const seal = makeSeal(pepper, 'requests');
  const records: RecordAdapterOptions = { storage, clock, seal, forget: (forgotten) => tokens.forget(forgotten) };
  let made: { readonly issuer: string; readonly keys: string; readonly provider: Provider } | undefined;
  let keys = await keepSigningKeys(options);
  const provider = async (): Promise<Provider> => {
    const issuer = options.publicUrl();
    const kids = keys.map(({ kid }) => kid).join(' ');
    if (made?.issuer === issuer && made.keys === kids) return made.provider;
    const parts = { options, keys, records, ciba: backchannel.feature(), fetch: pingWith(options) };
    made = { issuer, keys: kids, provider: makeProvider(parts, issuer) };
    return made.provider;
  };
  const backchannel = new Backchannel(options, provider, seal);
  const heard = (payload: string): void => tokens.forget(JSON.parse(payload) as Forgotten);
  const hearing = await storage.listen(oauthChannel, heard, () => tokens.forgetAll());
  const tend = async (): Promise<void> => {
    keys = await keepSigningKeys(options);
    const beforeMs = clock.now() - oauthLimits.expiredKeptMs;
    await storage.withActor(oauthActor, (tx) => sweepRecords(tx, beforeMs, oauthLimits.sweptAtOnceMax));
  };
  const stopTending = tendLater(options, tend);
  return {
    consents: new Consents(options, provider, backchannel),
    tokens,
    audience: () => partnerApi(options.publicUrl()),
    handle: async (request, response, address) => {
      sayTruth(request, options.publicUrl(), address);
      await (await provider()).callback()(request, response);
    },
    endAccess: async (appId, personId) => {
      await storage.withActor(oauthActor, async (tx) => {
        await deleteOfApp(tx, appId, personId);
        await announceForgotten(tx, { appId });
      });
      tokens.forget({ appId });
    },
    rotateKeys: async () => {
      keys = await keepSigningKeys(options, true);
    },
    tend,
    close: async () => {
      stopTending();
      await hearing.close();
    },
  };
};

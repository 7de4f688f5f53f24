import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import Provider, {
  type AuthorizationDetail,
  type Client,
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { secretDigestOf } from '../partners/index.ts';
import { detailProblem, vehicleDataType } from './check-detail.ts';
import { clientMetadataOf } from './client-metadata.ts';
import type { SigningKey } from './keys.ts';
import { oauthLimits } from './limits.ts';
import { isDecoy } from './backchannel.ts';
import { noSessions, RecordAdapter, type RecordAdapterOptions } from './record-adapter.ts';
import type { OauthOptions } from './types.ts';

/** So that secret scanners know one when they see it. */
export const accessTokenPrefix = 'mpa_';
const prefixes: Readonly<Record<string, string>> = { AccessToken: accessTokenPrefix, RefreshToken: 'mpr_' };
const tokenBytes = 32;

export const oauthPaths = {
  authorization: '/oauth/authorize',
  backchannel_authentication: '/oauth/backchannel',
  end_session: '/oauth/end',
  introspection: '/oauth/introspection',
  jwks: '/oauth/jwks',
  pushed_authorization_request: '/oauth/par',
  revocation: '/oauth/revocation',
  token: '/oauth/token',
  userinfo: '/oauth/userinfo',
} as const;

/** Says in which browser an app asked. */
export const hereCookieName = (cookieName: string): string => `${cookieName}_here`;

/** What tokens for vehicle data are for: no other server takes them, and the routes of partners no others. */
export const partnerApi = (issuer: string): string => `${issuer}/v1/partner`;

export interface ProviderParts {
  readonly options: OauthOptions;
  readonly keys: readonly SigningKey[];
  readonly records: RecordAdapterOptions;
  readonly ciba: NonNullable<NonNullable<Configuration['features']>['ciba']>;
  readonly fetch: NonNullable<Configuration['fetch']>;
}

const seconds = (ms: number): number => ms / 1000;

/** The page of consent always asks: what an app holds is decided there and under Access, not by what was said once. */
const alwaysAsk = () => {
  const policy = interactionPolicy.base();
  policy.clear();
  const { Check, Prompt } = interactionPolicy;
  const unanswered = new Check(
    'unanswered',
    'the person has not answered yet',
    'consent_required',
    (ctx) => !ctx.oidc.result?.consent,
  );
  policy.add(new Prompt({ name: 'consent', requestable: true }, unanswered));
  return policy;
};

const ttlOf = (): Configuration['ttl'] => ({
  AccessToken: seconds(oauthLimits.accessTokenLifetimeMs),
  AuthorizationCode: seconds(oauthLimits.codeLifetimeMs),
  BackchannelAuthenticationRequest: (ctx) => {
    const asked = Number(ctx?.oidc?.params?.['requested_expiry'] ?? Number.POSITIVE_INFINITY);
    return Math.max(1, Math.min(asked, seconds(oauthLimits.backchannelLifetimeMs)));
  },
  Grant: seconds(oauthLimits.agreementLifetimeMs),
  IdToken: seconds(oauthLimits.idTokenLifetimeMs),
  Interaction: seconds(oauthLimits.interactionLifetimeMs),
  RefreshToken: seconds(oauthLimits.refreshTokenLifetimeMs),
  Session: seconds(oauthLimits.interactionLifetimeMs),
});

/** RFC 9396: what may be asked for, and what of it is in tokens. Agreements keep what was given. */
const detailsFeature = ({ partners, clock, answers }: OauthOptions) => {
  const given = (ctx: KoaContextWithOIDC): AuthorizationDetail[] | undefined =>
    (ctx.oidc.entities.Grant as unknown as { rar?: AuthorizationDetail[] } | undefined)?.rar;
  return {
    enabled: true,
    types: {
      [vehicleDataType]: {
        validate: (ctx: KoaContextWithOIDC, detail: AuthorizationDetail, client: Client): void => {
          const app = partners.directory.find(client.clientId);
          const count = (JSON.parse(String(ctx.oidc.params?.['authorization_details'])) as unknown[]).length;
          const problem =
            !app || !answers
              ? 'data of vehicles cannot be asked for here'
              : count > oauthLimits.detailsMax
                ? `more than ${oauthLimits.detailsMax} entries`
                : detailProblem(detail, app, clock.now());
          if (problem !== undefined) throw new errors.InvalidAuthorizationDetails(problem);
        },
      },
    },
    authorizationDetailsForGrantSource: given,
    authorizationDetailsForAccessToken: given,
    authorizationDetailsForIntrospection: (_ctx: KoaContextWithOIDC, token: unknown) =>
      (token as { rar?: AuthorizationDetail[] }).rar,
  };
};

/** Apps have their tokens for the routes of partners when they asked for vehicle data, and for `userinfo` alone otherwise. */
const resourceFeature = (issuer: string) => ({
  enabled: true,
  defaultResource: (ctx: KoaContextWithOIDC) => (ctx.oidc.params?.['authorization_details'] ? partnerApi(issuer) : undefined),
  useGrantedResource: () => true,
  getResourceServerInfo: (_ctx: KoaContextWithOIDC, resource: string) => {
    if (resource !== partnerApi(issuer)) throw new errors.InvalidTarget();
    const accessTokenTTL = seconds(oauthLimits.accessTokenLifetimeMs);
    return { scope: '', audience: partnerApi(issuer), accessTokenFormat: 'opaque' as const, accessTokenTTL };
  },
});

const isOwn = (_ctx: KoaContextWithOIDC, client: Client, token: { readonly clientId?: string }): boolean =>
  token.clientId === client.clientId;

const featuresOf = ({ options, ciba }: ProviderParts, issuer: string): Configuration['features'] =>
  ({
    ciba,
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: isOwn },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    resourceIndicators: resourceFeature(issuer),
    revocation: { enabled: true, allowedPolicy: isOwn },
    richAuthorizationRequests: detailsFeature(options),
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: true },
  }) as unknown as Configuration['features'];

const cookiesOf = ({ cookieName, pepper }: OauthOptions, isHttps: boolean): Configuration['cookies'] => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), 'milepost oauth cookies 1', 32)).toString('base64url');
  const cookie = { httpOnly: true, sameSite: 'lax', secure: isHttps, signed: true } as const;
  return {
    keys: [key],
    names: { session: `${cookieName}_oauth`, interaction: `${cookieName}_asked`, resume: `${cookieName}_resume` },
    long: cookie,
    short: cookie,
  };
};

/** Leads to the page of consent, by signing in if need be. The cookie makes sure that the answer comes from the browser that the app sent. */
const pageOf =
  ({ people, cookieName }: OauthOptions) =>
  async (ctx: KoaContextWithOIDC, { uid }: { readonly uid: string }): Promise<string> => {
    const maxAge = oauthLimits.interactionLifetimeMs;
    const cookie = {
      path: `/v1/consents/${uid}`,
      httpOnly: true,
      sameSite: 'lax',
      signed: false,
      maxAge,
      overwrite: false,
    } as const;
    ctx.cookies.set(hereCookieName(cookieName), uid, cookie);
    const value = ctx.cookies.get(cookieName, { signed: false });
    const signedIn = value === undefined ? undefined : await people.sessions.bySession(value, ctx.ip);
    return signedIn ? `/consent/${uid}` : `/sign-in?to=${encodeURIComponent(`/consent/${uid}`)}`;
  };

const configurationOf = (parts: ProviderParts, issuer: string): Configuration => {
  const { options, keys, records, fetch } = parts;
  const { people, partners, pepper, renderPage } = options;
  const subjectKey = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), 'milepost oauth subjects 1', 32));
  const clients = { ...noSessions, find: async (id: string) => (appOf(id) ? clientMetadataOf(appOf(id) as never) : undefined) };
  const appOf = (id: string) => {
    const app = partners.directory.find(id);
    return app?.state === 'active' ? app : undefined;
  };
  return {
    adapter: (kind: string) => (kind === 'Client' ? clients : kind === 'Session' ? noSessions : new RecordAdapter(kind, records)),
    jwks: { keys: keys as never },
    routes: oauthPaths,
    responseTypes: ['code'],
    scopes: ['openid'],
    claims: { openid: ['sub'] },
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: (_ctx, accountId, client) =>
      createHmac('sha256', subjectKey).update(`${client.clientId} ${accountId}`).digest('base64url'),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    clientBasedCORS: () => false,
    findAccount: async (_ctx, id) =>
      (await people.find(id)) || isDecoy(id) ? { accountId: id, claims: async () => ({ sub: id }) } : undefined,
    loadExistingGrant: (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? Promise.resolve(undefined) : ctx.oidc.provider.Grant.find(grantId);
    },
    expiresWithSession: () => Promise.resolve(false),
    issueRefreshToken: () => Promise.resolve(true),
    rotateRefreshToken: true,
    interactions: { policy: alwaysAsk(), url: pageOf(options) },
    cookies: cookiesOf(options, issuer.startsWith('https:')),
    ttl: ttlOf(),
    features: featuresOf(parts, issuer),
    fetch,
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = renderPage('The app asked in a way that is not allowed', `${out.error}: ${out.error_description ?? ''}`);
    },
  } as Configuration;
};

/** Drops the cookie of sessions that are not kept, and tells of the one kind of subjects that there is. */
const adaptAnswers = (provider: Provider, sessionCookie: string): void => {
  provider.use(async (ctx, next) => {
    await next();
    const set = ctx.res.getHeader('set-cookie');
    const lines = (Array.isArray(set) ? set : []).filter(
      (line) => !line.startsWith(`${sessionCookie}=`) && !line.startsWith(`${sessionCookie}.sig=`),
    );
    if (lines.length > 0) ctx.res.setHeader('set-cookie', lines);
    else ctx.res.removeHeader('set-cookie');
    if (ctx.path.startsWith('/.well-known/')) Object.assign(ctx.body as object, { subject_types_supported: ['pairwise'] });
  });
};

/** Secrets of apps are compared by their digests, in a time that tells nothing; tokens begin with what they are. */
const adaptModels = (provider: Provider, { partners }: OauthOptions): void => {
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: Client, text: string): boolean {
      const digest = secretDigestOf(text);
      const secrets = partners.directory.find(this.clientId)?.secrets ?? [];
      return secrets.map((secret) => timingSafeEqual(Buffer.from(secret.digest, 'base64'), digest)).includes(true);
    },
  });
  // Whatever its metadata had to say: people are known to each app by an id of its own.
  Object.defineProperty(provider.Client.prototype, 'subjectType', { get: () => 'pairwise', set: () => {} });
  Object.defineProperty(provider.Client.prototype, 'backchannelClientNotificationEndpoint', {
    get(this: Client): string | undefined {
      return partners.directory.find(this.clientId)?.pingAddress ?? undefined;
    },
    set: () => {},
  });
  for (const kind of ['AccessToken', 'RefreshToken'] as const) {
    const prototype = provider[kind].prototype as unknown as { generateTokenId: (this: unknown) => string };
    const decide = prototype.generateTokenId;
    prototype.generateTokenId = function (this: unknown): string {
      // It also notes the format.
      decide.call(this);
      return `${prefixes[kind]}${randomBytes(tokenBytes).toString('base64url')}`;
    };
  }
};

/** OAuth 2.1 and OpenID Connect of one issuer. */
export const makeProvider = (parts: ProviderParts, issuer: string): Provider => {
  const { options } = parts;
  const provider = new Provider(issuer, configurationOf(parts, issuer));
  // Addresses are told as the issuer has them, whatever a request came by.
  provider.proxy = true;
  adaptModels(provider, options);
  adaptAnswers(provider, `${options.cookieName}_oauth`);
  provider.on('server_error', (_ctx, error) => options.logger.error('a request of OAuth failed', { error }));
  return provider;
};

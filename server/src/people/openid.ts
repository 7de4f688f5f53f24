import type { ClientAuth, Configuration } from 'openid-client';
import { CallerError, type Logger, OperationalError } from '../kernel/index.ts';
import type { OutsideProvider } from './types.ts';

/** Read when somebody comes by a provider: most installations have none. */
const library = () => import('openid-client');
const timeoutSeconds = 10;

/** What a browser is sent to the provider with, and what proves that it is the same one when it comes back. */
export interface OpenidQuestion {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the provider says it knows. */
export interface OpenidAnswer {
  readonly subject: string;
  /** Null: none that the provider has verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly language: string | null;
}

const languagePattern = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;
const textOf = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null);

/** One provider of OpenID Connect: authorization code with PKCE, state and nonce. What it publishes about itself is asked once. */
export class Openid {
  readonly provider: OutsideProvider;
  readonly #logger: Logger;
  #configuration: Promise<Configuration> | undefined;

  constructor(provider: OutsideProvider, logger: Logger) {
    this.provider = provider;
    this.#logger = logger;
  }

  /** Throws `unavailable` when the provider does not answer. */
  async ask(redirectUri: string): Promise<OpenidQuestion> {
    const { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } =
      await library();
    const configuration = await this.#discovered();
    const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, state, nonce, verifier };
  }

  /** `returned`: the whole address to which the provider sent the browser back. Throws `unauthorized`, `unavailable`. */
  async read(returned: URL, { state, nonce, verifier }: Omit<OpenidQuestion, 'url'>): Promise<OpenidAnswer> {
    const { authorizationCodeGrant, fetchUserInfo } = await library();
    const configuration = await this.#discovered();
    try {
      const tokens = await authorizationCodeGrant(configuration, returned, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const { sub, ...own } = tokens.claims() ?? { sub: '' };
      const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const claims: Readonly<Record<string, unknown>> = hasMore
        ? { ...own, ...(await fetchUserInfo(configuration, tokens.access_token, sub)) }
        : own;
      const isVerified = claims['email_verified'] === true;
      const locale = textOf(claims['locale']);
      return {
        subject: sub,
        email: isVerified ? textOf(claims['email']) : null,
        name: textOf(claims['name']),
        language: locale !== null && languagePattern.test(locale) ? locale : null,
      };
    } catch (error) {
      this.#logger.debug('a provider of OpenID did not vouch for somebody', { provider: this.provider.id, error });
      throw new CallerError('unauthorized', `${this.provider.name} did not say who you are`, { cause: error });
    }
  }

  async #discovered(): Promise<Configuration> {
    this.#configuration ??= this.#discover();
    try {
      return await this.#configuration;
    } catch (cause) {
      this.#configuration = undefined;
      this.#logger.warn('a provider of OpenID does not answer', { provider: this.provider.id, error: cause });
      throw new OperationalError('unavailable', `${this.provider.name} does not answer now`, { cause });
    }
  }

  async #discover(): Promise<Configuration> {
    const { allowInsecureRequests, ClientSecretBasic, ClientSecretPost, discovery } = await library();
    const { issuer, clientId, clientSecret } = this.provider;
    const isPlain = issuer.startsWith('http:');
    // Basic is what a provider takes that says nothing of it (OpenID Connect Discovery 1.0, 3).
    const prove: ClientAuth = (server, ...rest) => {
      const takesBasic = server.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true;
      return (takesBasic ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret))(server, ...rest);
    };
    return discovery(new URL(issuer), clientId, clientSecret, prove, {
      timeout: timeoutSeconds,
      ...(isPlain ? { execute: [allowInsecureRequests] } : {}),
    });
  }
}

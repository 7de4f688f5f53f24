import { createHash } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { CallerError, type Clock } from '../kernel/index.ts';
import type { Device } from '../registry/index.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { IssuedToken } from './types.ts';

const algorithm = 'EdDSA';
const issuer = 'milepost';
const audience = 'milepost-device';
const versionClaim = 'credentials';
/** Ours are some 250 characters: longer ones are not looked at. */
const tokenCharactersMax = 2048;
/** Verified tokens that are remembered (some 150 bytes each): a verification is over 100 µs, a look-up about 1. */
export const verifiedTokensMax = 200_000;

export interface VerifiedToken {
  readonly deviceId: string;
  /** Version of the device's credentials when it was issued. */
  readonly credentialVersion: number;
  readonly expiresAt: number;
}

const unauthorized = (cause?: unknown): CallerError => new CallerError('unauthorized', 'the token is not valid', { cause });
const expired = (): CallerError => new CallerError('token_expired', 'the token has expired: log in again');

export class Tokens {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  /** By SHA-256, so the memory holds no token; the oldest first. */
  readonly #verified = new Map<string, VerifiedToken>();

  constructor(keys: SigningKeys, clock: Clock, lifetimeMs: number) {
    this.#keys = keys;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  get rememberedCount(): number {
    return this.#verified.size;
  }

  /** Whole seconds, as JWT has them. `notAfterMs`: what the token was given for ends then. */
  async issue({ id: deviceId, credentials }: Device, notAfterMs = Number.POSITIVE_INFINITY): Promise<IssuedToken> {
    const credentialVersion = credentials.version;
    const { id, privateKey } = await this.#keys.signing();
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expiresAt = Math.min(issuedAt + Math.floor(this.#lifetimeMs / 1000), Math.floor(notAfterMs / 1000));
    const token = await new SignJWT({ [versionClaim]: credentialVersion })
      .setProtectedHeader({ alg: algorithm, kid: id })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(deviceId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    this.#remember(token, { deviceId, credentialVersion, expiresAt: expiresAt * 1000 });
    return { token, expiresAt: expiresAt * 1000 };
  }

  /** Throws `unauthorized` or `token_expired`. */
  async verify(token: string): Promise<VerifiedToken> {
    if (token.length > tokenCharactersMax) throw unauthorized();
    const hash = createHash('sha256').update(token).digest('base64');
    const verified = this.#verified.get(hash) ?? (await this.#verifyNew(token));
    if (verified.expiresAt <= this.#clock.now()) {
      this.#verified.delete(hash);
      throw expired();
    }
    if (!this.#verified.has(hash)) this.#rememberHash(hash, verified);
    return verified;
  }

  async #verifyNew(token: string): Promise<VerifiedToken> {
    try {
      const { payload } = await jwtVerify(
        token,
        async (header) => {
          const key = await this.#keys.verifying(header.kid ?? '');
          if (!key) throw unauthorized();
          return key;
        },
        { algorithms: [algorithm], issuer, audience, requiredClaims: ['sub', 'exp'], currentDate: new Date(this.#clock.now()) },
      );
      // Tokens of before there were versions are of the first.
      const { sub, exp, [versionClaim]: credentialVersion = 1 } = payload;
      return { deviceId: sub as string, credentialVersion: credentialVersion as number, expiresAt: (exp as number) * 1000 };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      throw error instanceof errors.JOSEError ? unauthorized(error) : error;
    }
  }

  #remember(token: string, verified: VerifiedToken): void {
    this.#rememberHash(createHash('sha256').update(token).digest('base64'), verified);
  }

  #rememberHash(hash: string, verified: VerifiedToken): void {
    for (const oldest of this.#verified.keys()) {
      if (this.#verified.size < verifiedTokensMax) break;
      this.#verified.delete(oldest);
    }
    this.#verified.set(hash, verified);
  }
}

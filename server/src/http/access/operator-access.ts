import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/index.ts';

/** Named limits of signing in. */
export const accessLimits = {
  /** How long a one-time link waits to be opened. */
  codeLifetimeMs: 24 * 3_600_000,
  /** Links that wait at a time; the oldest is forgotten for a new one. */
  codesMax: 16,
  sessionLifetimeMs: 30 * 24 * 3_600_000,
} as const;

export interface OperatorAccess {
  /** True for the operator token; in a time that tells nothing about it. */
  isToken(token: string): boolean;
  /** A code for `/signin?code=…` that works once. */
  createSignInCode(): string;
  /** True once for a code that was made and has not expired. */
  consumeSignInCode(code: string): boolean;
  /** A signed session for a cookie. */
  createSession(): { readonly value: string; readonly expiresAt: number };
  /** When a session ends, ms; undefined: it is not ours or is over. */
  sessionExpiry(value: string): number | undefined;
  /** Differs between installations, because browsers share cookies between ports of one host. */
  readonly cookieName: string;
}

export interface OperatorAccessOptions {
  readonly token: string;
  readonly clock: Clock;
  readonly random?: (bytes: number) => Buffer;
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

class Access implements OperatorAccess {
  readonly cookieName: string;
  readonly #tokenDigest: Buffer;
  readonly #key: Buffer;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Buffer;
  /** Digest of a code (hex) → when it ends. Codes themselves are not kept. */
  readonly #codes = new Map<string, number>();

  constructor({ token, clock, random = randomBytes }: OperatorAccessOptions) {
    this.#tokenDigest = digest(token);
    // A new operator token ends all sessions, because their key comes from it.
    this.#key = createHmac('sha256', token).update('milepost browser session 1').digest();
    this.#clock = clock;
    this.#random = random;
    this.cookieName = `milepost_${digest(this.#key.toString('hex')).toString('hex').slice(0, 8)}`;
  }

  isToken(token: string): boolean {
    return timingSafeEqual(digest(token), this.#tokenDigest);
  }

  createSignInCode(): string {
    const code = this.#random(24).toString('base64url');
    while (this.#codes.size >= accessLimits.codesMax) this.#codes.delete(this.#codes.keys().next().value as string);
    this.#codes.set(digest(code).toString('hex'), this.#clock.now() + accessLimits.codeLifetimeMs);
    return code;
  }

  consumeSignInCode(code: string): boolean {
    const key = digest(code).toString('hex');
    const expiresAt = this.#codes.get(key);
    this.#codes.delete(key);
    return expiresAt !== undefined && this.#clock.now() < expiresAt;
  }

  createSession(): { readonly value: string; readonly expiresAt: number } {
    const expiresAt = this.#clock.now() + accessLimits.sessionLifetimeMs;
    const payload = `${expiresAt}.${this.#random(9).toString('base64url')}`;
    return { value: `${payload}.${this.#sign(payload)}`, expiresAt };
  }

  sessionExpiry(value: string): number | undefined {
    const match = /^((\d{1,15})\.[\w-]{12})\.([\w-]{43})$/.exec(value);
    if (!match) return undefined;
    const [, payload, expiresAt, signature] = match as unknown as [string, string, string, string];
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(payload)))) return undefined;
    return Number(expiresAt) > this.#clock.now() ? Number(expiresAt) : undefined;
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }
}

/** Who may act as the operator: the bearer of the token, and browsers that opened a one-time link. */
export const makeOperatorAccess = (options: OperatorAccessOptions): OperatorAccess => new Access(options);

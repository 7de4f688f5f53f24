import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/index.ts';

/** Named limits of signing in. */
export const accessLimits = {
  /** How long a one-time link waits to be opened. */
  codeLifetimeMs: 24 * 3_600_000,
  sessionLifetimeMs: 30 * 24 * 3_600_000,
} as const;

export interface OperatorAccess {
  /** True for the operator token; in a time that tells nothing about it. */
  isToken(token: string): boolean;
  /** A code for `/signin?code=…` that works once, on every process that has the same operator token. */
  createSignInCode(): string;
  /** True once for a code that was made and has not expired. Throws what `useCode` throws. */
  consumeSignInCode(code: string): Promise<boolean>;
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
  /** Notes that a code was used, by its SHA-256, until it is over; false: it was used before, on whichever process. */
  readonly useCode: (digest: Uint8Array, expiresAt: number) => Promise<boolean>;
  readonly random?: (bytes: number) => Buffer;
}

/** Signed with keys of their own, so that one is never taken for the other. */
type Kind = 'session' | 'code';

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

class Access implements OperatorAccess {
  readonly cookieName: string;
  readonly #tokenDigest: Buffer;
  readonly #keys: Readonly<Record<Kind, Buffer>>;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Buffer;
  readonly #useCode: OperatorAccessOptions['useCode'];

  constructor({ token, clock, useCode, random = randomBytes }: OperatorAccessOptions) {
    this.#tokenDigest = digest(token);
    // A new operator token ends all sessions and links, because their keys come from it.
    const keyOf = (purpose: string): Buffer => createHmac('sha256', token).update(purpose).digest();
    this.#keys = { session: keyOf('milepost browser session 1'), code: keyOf('milepost sign-in code 1') };
    this.#clock = clock;
    this.#useCode = useCode;
    this.#random = random;
    this.cookieName = `milepost_${digest(this.#keys.session.toString('hex')).toString('hex').slice(0, 8)}`;
  }

  isToken(token: string): boolean {
    return timingSafeEqual(digest(token), this.#tokenDigest);
  }

  createSignInCode(): string {
    return this.#issue('code', this.#clock.now() + accessLimits.codeLifetimeMs);
  }

  async consumeSignInCode(code: string): Promise<boolean> {
    // What was not made with our token reaches no database.
    const expiresAt = this.#expiry('code', code);
    return expiresAt !== undefined && this.#useCode(digest(code), expiresAt);
  }

  createSession(): { readonly value: string; readonly expiresAt: number } {
    const expiresAt = this.#clock.now() + accessLimits.sessionLifetimeMs;
    return { value: this.#issue('session', expiresAt), expiresAt };
  }

  sessionExpiry(value: string): number | undefined {
    return this.#expiry('session', value);
  }

  #issue(kind: Kind, expiresAt: number): string {
    const payload = `${expiresAt}.${this.#random(9).toString('base64url')}`;
    return `${payload}.${this.#sign(kind, payload)}`;
  }

  #expiry(kind: Kind, value: string): number | undefined {
    const match = /^((\d{1,15})\.[\w-]{12})\.([\w-]{43})$/.exec(value);
    if (!match) return undefined;
    const [, payload, expiresAt, signature] = match as unknown as [string, string, string, string];
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(kind, payload)))) return undefined;
    return Number(expiresAt) > this.#clock.now() ? Number(expiresAt) : undefined;
  }

  #sign(kind: Kind, payload: string): string {
    return createHmac('sha256', this.#keys[kind]).update(payload).digest('base64url');
  }
}

/** Who may act as the operator: the bearer of the token, and browsers that opened a one-time link. */
export const makeOperatorAccess = (options: OperatorAccessOptions): OperatorAccess => new Access(options);

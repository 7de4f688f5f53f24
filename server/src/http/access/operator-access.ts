import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/index.ts';

/** Named limits of signing in. */
export const accessLimits = {
  /** How long a one-time link waits to be opened. */
  codeLifetimeMs: 24 * 3_600_000,
} as const;

export interface OperatorAccess {
  /** True for the operator token; in a time that tells nothing about it. */
  isToken(token: string): boolean;
  /** The code of the link of the first start: works once, on every process that has the same operator token. */
  createSignInCode(): string;
  /** True once for a code that was made and has not expired. Throws what `useCode` throws. */
  consumeSignInCode(code: string): Promise<boolean>;
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

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

class Access implements OperatorAccess {
  readonly cookieName: string;
  readonly #tokenDigest: Buffer;
  readonly #key: Buffer;
  readonly #clock: Clock;
  readonly #random: (bytes: number) => Buffer;
  readonly #useCode: OperatorAccessOptions['useCode'];

  constructor({ token, clock, useCode, random = randomBytes }: OperatorAccessOptions) {
    this.#tokenDigest = digest(token);
    // A new operator token ends all links, because their key comes from it.
    this.#key = createHmac('sha256', token).update('milepost sign-in code 1').digest();
    this.#clock = clock;
    this.#useCode = useCode;
    this.#random = random;
    const installation = createHmac('sha256', token).update('milepost cookie name 1').digest('hex');
    this.cookieName = `milepost_${installation.slice(0, 8)}`;
  }

  isToken(token: string): boolean {
    return timingSafeEqual(digest(token), this.#tokenDigest);
  }

  createSignInCode(): string {
    const payload = `${this.#clock.now() + accessLimits.codeLifetimeMs}.${this.#random(9).toString('base64url')}`;
    return `${payload}.${this.#sign(payload)}`;
  }

  async consumeSignInCode(code: string): Promise<boolean> {
    // What was not made with our token reaches no database.
    const expiresAt = this.#expiry(code);
    return expiresAt !== undefined && this.#useCode(digest(code), expiresAt);
  }

  #expiry(value: string): number | undefined {
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

/** The operator token, and the one-time links that are signed with it. */
export const makeOperatorAccess = (options: OperatorAccessOptions): OperatorAccess => new Access(options);

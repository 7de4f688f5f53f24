import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../kernel/index.ts';
import type { Random } from '../registry/index.ts';
import { peopleLimits } from './limits.ts';

/** What an answer is for: one that was asked for something else is refused. */
export type ChallengePurpose = 'add' | 'sign_in' | 'confirm';

export interface KnownChallenge {
  readonly digest: Uint8Array;
  readonly expiresMs: number;
}

/**
 * What a passkey signs. Nothing is kept of a challenge until it is answered, so asking for many fills no table; every process that has the pepper
 * knows its own again.
 */
export interface Challenges {
  /** `bound`: to whom alone an answer is believed (a value of the browser, a session). */
  make(purpose: ChallengePurpose, bound: string): Buffer;
  /** Undefined: it was made by somebody else, for something or somebody else, or too long ago. */
  check(text: string, purpose: ChallengePurpose, bound: string): KnownChallenge | undefined;
}

const timeBytes = 8;
const nonceBytes = 16;
const headBytes = timeBytes + nonceBytes;
const macBytes = 32;

/** Expiry (ms, uint64, big-endian), nonce, HMAC-SHA-256 of both, the purpose and whom it is bound to. */
export const makeChallenges = (pepper: Uint8Array, clock: Clock, random: Random): Challenges => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), 'milepost passkey challenges 1', 32));
  const sign = (head: Uint8Array, purpose: ChallengePurpose, bound: string): Buffer =>
    createHmac('sha256', key).update(head).update(`${purpose} ${bound}`).digest();
  return {
    make: (purpose, bound) => {
      const head = Buffer.alloc(headBytes);
      head.writeBigUInt64BE(BigInt(Math.ceil(clock.now()) + peopleLimits.challengeLifetimeMs));
      head.set(random(nonceBytes), timeBytes);
      return Buffer.concat([head, sign(head, purpose, bound)]);
    },
    check: (text, purpose, bound) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length !== headBytes + macBytes) return undefined;
      const head = bytes.subarray(0, headBytes);
      if (!timingSafeEqual(bytes.subarray(headBytes), sign(head, purpose, bound))) return undefined;
      const expiresMs = Number(head.readBigUInt64BE());
      if (expiresMs <= clock.now()) return undefined;
      return { digest: createHash('sha256').update(bytes).digest(), expiresMs };
    },
  };
};

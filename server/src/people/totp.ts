import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { BugError } from '../kernel/index.ts';
import { peopleLimits } from './limits.ts';

const secretBytes = 20;
const periodSeconds = 30;
const nonceBytes = 12;
const tagBytes = 16;

/** Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 s), as authenticator apps make them. */
export interface TotpSecrets {
  /** A new secret: to be shown once, and to be kept. */
  make(label: string): { readonly text: string; readonly uri: string; readonly sealed: Uint8Array };
  /** The step of the code; undefined: it is wrong, or of a step that was used. */
  stepOf(sealed: Uint8Array, code: string, nowMs: number, usedStep: number | null): number | undefined;
}

const totpOf = (bytes: Uint8Array, label: string): TOTP =>
  new TOTP({ issuer: 'Milepost', label, secret: new Secret({ buffer: new Uint8Array(bytes).buffer }), period: periodSeconds });

/** `pepper`: secrets of the database are encrypted under it (AES-256-GCM), because they cannot be hashed. */
export const makeTotpSecrets = (pepper: Uint8Array): TotpSecrets => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), 'milepost totp secrets 1', 32));
  const seal = (secret: Uint8Array): Uint8Array => {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  };
  const open = (sealed: Uint8Array): Uint8Array => {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
      decipher.setAuthTag(sealed.subarray(-tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    } catch (error) {
      throw new BugError('the secret of a second factor was encrypted under another pepper', error);
    }
  };
  return {
    make: (label) => {
      const bytes = randomBytes(secretBytes);
      const totp = totpOf(bytes, label);
      return { text: totp.secret.base32, uri: totp.toString(), sealed: seal(bytes) };
    },
    stepOf: (sealed, code, nowMs, usedStep) => {
      const token = code.replaceAll(/\s/g, '');
      if (!/^\d{6}$/.test(token)) return undefined;
      const delta = totpOf(open(sealed), '').validate({ token, timestamp: nowMs, window: peopleLimits.totpWindow });
      if (delta === null) return undefined;
      const step = Math.floor(nowMs / 1000 / periodSeconds) + delta;
      return usedStep !== null && step <= usedStep ? undefined : step;
    },
  };
};

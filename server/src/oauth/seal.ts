import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { BugError } from '../kernel/index.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts what the database has to give back but must not show: AES-256-GCM under a key of the pepper. */
export interface Seal {
  readonly seal: (text: string) => Buffer;
  readonly open: (sealed: Uint8Array) => string;
}

export const makeSeal = (pepper: Uint8Array, purpose: string): Seal => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), `milepost oauth ${purpose} 1`, 32));
  return {
    seal: (text) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed) => {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        const text = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        return text.toString('utf8');
      } catch (error) {
        throw new BugError(`what OAuth keeps (${purpose}) was encrypted under another pepper`, error);
      }
    },
  };
};

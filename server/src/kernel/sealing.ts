import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** What is kept or handed out, and must not be readable: AES-256-GCM under a key of the pepper, one for each purpose. */
export interface Sealing {
  readonly seal: (text: string) => Buffer;
  /** Undefined: it was not sealed so. */
  readonly open: (sealed: Uint8Array) => string | undefined;
}

/** `purpose` is the info of HKDF-SHA-256: another one is another key. */
export const makeSealing = (pepper: Uint8Array, purpose: string): Sealing => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), purpose, 32));
  return {
    seal: (text) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed) => {
      if (sealed.length < nonceBytes + tagBytes) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
};

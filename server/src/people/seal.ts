import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** What somebody carries for us, and can neither read nor change (AES-256-GCM under the pepper). */
export interface Seal<T> {
  close(value: T): string;
  /** Undefined: it is not ours. */
  open(text: string): T | undefined;
}

/** `purpose`: what is sealed for one thing opens for no other. */
export const makeSeal = <T>(pepper: Uint8Array, purpose: string): Seal<T> => {
  const key = Buffer.from(hkdfSync('sha256', pepper, Buffer.alloc(0), purpose, 32));
  return {
    close: (value) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open: (text) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length <= nonceBytes + tagBytes) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        return JSON.parse(plain.toString('utf8')) as T;
      } catch {
        return undefined;
      }
    },
  };
};

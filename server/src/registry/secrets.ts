import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { invalidField } from '../kernel/index.ts';
import { keepSecretFile } from '../storage/index.ts';
import type { Random } from './ids.ts';

/** 192 bits. So many random bits need no slow hash: a reconnect storm costs a few µs a login. */
const secretBytes = 24;
const pepperBytes = 32;
const pepperCharactersMin = 32;

export const makeSecret = (random: Random): string => Buffer.from(random(secretBytes)).toString('base64url');

export const hashSecret = (pepper: Uint8Array, secret: string): Buffer =>
  createHmac('sha256', pepper).update(secret, 'utf8').digest();

/** Compared instead of a hash that is not there, so an unknown device takes the same way and time. Nothing has this HMAC. */
const nobodysHash = randomBytes(32);

/** The same work whether or not there is a hash; always false without one. */
export const secretFits = (pepper: Uint8Array, secret: string, hash: Uint8Array | undefined): boolean => {
  const isEqual = timingSafeEqual(hashSecret(pepper, secret), hash ?? nobodysHash);
  return isEqual && hash !== undefined;
};

export interface PepperSource {
  /** `secrets/pepper` of the data folder; made at the first start. */
  readonly file: string;
  /** `MILEPOST_PEPPER`: wins over the file. */
  readonly configured?: string | undefined;
}

/** The key without which the hashes in the database are of no use. When it is lost every device needs a new secret. */
export const loadPepper = async ({ file, configured }: PepperSource): Promise<Uint8Array> => {
  if (configured !== undefined && configured.length < pepperCharactersMin) {
    throw invalidField('MILEPOST_PEPPER', '(hidden)', `at least ${pepperCharactersMin} characters`);
  }
  const text = configured ?? (await keepSecretFile(file, () => randomBytes(pepperBytes).toString('base64url')));
  return Buffer.from(text, 'utf8');
};

import { createHmac } from 'node:crypto';
import type { Random } from '../ids.ts';

/** Crockford's base32: no I, L, O, U, so a code can be read out and typed. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeCharacters = 12;

/** 60 random bits in groups of four: `K7QF-2M9X-P4TC`. */
export const makeClaimCode = (random: Random): string => {
  const letters = Array.from(random(codeCharacters), (byte) => alphabet[byte & 31] as string).join('');
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
};

/** However it was typed: small letters, without hyphens, O for 0, I and L for 1. Undefined: it is no code. */
export const readClaimCode = (typed: string): string | undefined => {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (letters.length !== codeCharacters || !Array.from(letters).every((letter) => alphabet.includes(letter))) return undefined;
  return letters;
};

/** So few bits could be tried out by whoever reads the database: the pepper is not in it. */
export const digestOfClaimCode = (pepper: Uint8Array, letters: string): Buffer =>
  createHmac('sha256', pepper).update(`claim ${letters}`, 'utf8').digest();

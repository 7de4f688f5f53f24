import { randomBytes } from 'node:crypto';

export type Random = (byteCount: number) => Uint8Array;

/** Random bytes are got in larger pieces: a call to the system for each id would take most of the time of an enrolment. */
const poolBytes = 16_384;
let pool = Buffer.alloc(0);
export const systemRandom: Random = (byteCount) => {
  if (byteCount > poolBytes) return randomBytes(byteCount);
  if (pool.length < byteCount) pool = randomBytes(poolBytes);
  const taken = pool.subarray(0, byteCount);
  pool = pool.subarray(byteCount);
  return taken;
};

export const idPrefixes = {
  customer: 'cus_',
  vehicle: 'veh_',
  device: 'dev_',
  driver: 'drv_',
  driverAssignment: 'dra_',
  privatePeriod: 'prv_',
  possession: 'pos_',
  brokenGlass: 'brg_',
} as const;

/** Crockford's base32 in small letters: no i, l, o, u, so an id can be read out. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const idCharacters = 16;

/** 80 random bits: with a million ids the odds that two are the same are below 1 in 10^12. */
export const makeId = (prefix: string, random: Random): string => {
  const bytes = random(idCharacters);
  let id = prefix;
  for (let i = 0; i < idCharacters; i++) id += alphabet[(bytes[i] as number) & 31];
  return id;
};

export const isId = (prefix: string, text: string): boolean =>
  text.startsWith(prefix) && /^[0-9a-hjkmnp-tv-z]{16}$/.test(text.slice(prefix.length));

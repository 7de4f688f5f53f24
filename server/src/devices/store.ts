import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { type Storage, systemActor, type Transaction } from '../storage/index.ts';

/** A pair of keys as it is kept: the private one is encrypted, so that a copy of the database signs nothing. */
export interface StoredKey {
  readonly id: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array;
  readonly retiresAt: number;
  readonly expiresAt: number;
}

const actor = systemActor('tokens');
/** Arbitrary, fixed: one process at a time makes a key. */
const rotationLock = 7_101_968_002;
const nonceBytes = 12;
const tagBytes = 16;

const wrappingKey = (pepper: Uint8Array): Uint8Array => new Uint8Array(hkdfSync('sha256', pepper, '', 'milepost token keys', 32));

/** AES-256-GCM; the id is bound to it, so rows cannot be exchanged. Layout: nonce, tag, text. */
export const wrapKey = (pepper: Uint8Array, id: string, plain: Uint8Array): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(pepper), nonce).setAAD(Buffer.from(id));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
};

/** Undefined when the pepper is another one than when the key was made. */
export const unwrapKey = (pepper: Uint8Array, id: string, wrapped: Uint8Array): Buffer | undefined => {
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey(pepper), wrapped.subarray(0, nonceBytes)).setAAD(Buffer.from(id));
  decipher.setAuthTag(wrapped.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(nonceBytes + tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
};

interface KeyRow {
  readonly id: string;
  readonly publicJwk: Record<string, unknown>;
  readonly privateKey: Uint8Array;
  readonly retiresAt: Date;
  readonly expiresAt: Date;
}

const readKeys = async (tx: Transaction, pepper: Uint8Array): Promise<StoredKey[]> => {
  const { rows } = await sql<KeyRow>`select id, public_jwk as "publicJwk", private_key as "privateKey", retires_at as "retiresAt",
    expires_at as "expiresAt" from token_keys order by retires_at desc, id`.execute(tx);
  return rows.flatMap((row) => {
    const privateKey = unwrapKey(pepper, row.id, row.privateKey);
    return privateKey ? [{ ...row, privateKey, retiresAt: row.retiresAt.getTime(), expiresAt: row.expiresAt.getTime() }] : [];
  });
};

const at = (ms: number): string => new Date(ms).toISOString();

/**
 * Answers all keys that still verify, newest first. When none signs any more, one is made: under a lock, so that several processes
 * make one between them. Keys whose last token has expired are removed.
 */
export const loadKeys = (
  storage: Storage,
  pepper: Uint8Array,
  nowMs: number,
  makeKey: () => Promise<StoredKey>,
): Promise<StoredKey[]> =>
  storage.withActor(actor, async (tx) => {
    await sql`select pg_advisory_xact_lock(${rotationLock})`.execute(tx);
    await sql`delete from token_keys where expires_at < ${at(nowMs)}`.execute(tx);
    const keys = await readKeys(tx, pepper);
    if (keys.some((key) => key.retiresAt > nowMs)) return keys;
    const made = await makeKey();
    await sql`insert into token_keys values (${made.id}, ${JSON.stringify(made.publicJwk)}::jsonb, ${wrapKey(pepper, made.id, made.privateKey)},
      ${at(nowMs)}, ${at(made.retiresAt)}, ${at(made.expiresAt)})`.execute(tx);
    return [made, ...keys];
  });

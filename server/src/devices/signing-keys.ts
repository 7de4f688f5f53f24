import { createPrivateKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importJWK, type JWK } from 'jose';
import { assert, type Clock } from '../kernel/index.ts';
import type { Storage } from '../storage/index.ts';
import { loadKeys, type StoredKey } from './store.ts';

const algorithm = 'EdDSA';
/** A token with an unknown key may come from a process that has just rotated; but strangers may send any key id. */
const reloadEveryMs = 5000;

export interface KeyOptions {
  readonly storage: Storage;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  readonly tokenLifetimeMs: number;
  readonly rotateAfterMs: number;
}

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

interface LoadedKey extends SigningKey {
  readonly publicKey: CryptoKey | Uint8Array;
  readonly retiresAt: number;
  readonly expiresAt: number;
}

const makeKey = async ({ clock, rotateAfterMs, tokenLifetimeMs }: KeyOptions): Promise<StoredKey> => {
  const pair = await generateKeyPair(algorithm, { crv: 'Ed25519', extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const pem = await exportPKCS8(pair.privateKey);
  const privateKey = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  const retiresAt = clock.now() + rotateAfterMs;
  return {
    id: await calculateJwkThumbprint(publicJwk),
    publicJwk: { ...publicJwk },
    privateKey,
    retiresAt,
    expiresAt: retiresAt + tokenLifetimeMs,
  };
};

const load = async (key: StoredKey): Promise<LoadedKey> => ({
  id: key.id,
  privateKey: createPrivateKey({ key: Buffer.from(key.privateKey), format: 'der', type: 'pkcs8' }),
  publicKey: await importJWK(key.publicJwk as JWK, algorithm),
  retiresAt: key.retiresAt,
  expiresAt: key.expiresAt,
});

/** The keys that sign and verify tokens, in memory; read again from the database when none signs any more or one is unknown. */
export class SigningKeys {
  readonly #options: KeyOptions;
  #keys: readonly LoadedKey[] = [];
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(options: KeyOptions) {
    this.#options = options;
  }

  /** Callers at the same time share one look at the database. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const { storage, pepper, clock } = this.#options;
    this.#loadedAt = clock.now();
    const stored = await loadKeys(storage, pepper, clock.now(), () => makeKey(this.#options));
    this.#keys = await Promise.all(stored.map(load));
  }

  async signing(): Promise<SigningKey> {
    const find = (): LoadedKey | undefined => this.#keys.find((key) => key.retiresAt > this.#options.clock.now());
    const present = find();
    if (present) return present;
    await this.load();
    const made = find();
    assert(made, 'no key signs tokens though one was just made');
    return made;
  }

  async verifying(id: string): Promise<CryptoKey | Uint8Array | undefined> {
    const nowMs = this.#options.clock.now();
    const find = (): LoadedKey | undefined => this.#keys.find((key) => key.id === id && key.expiresAt > nowMs);
    if (!find() && nowMs >= this.#loadedAt + reloadEveryMs) await this.load();
    return find()?.publicKey;
  }
}

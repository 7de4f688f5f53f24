import { createHash, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../kernel/index.ts';
import { type Storage, systemActor } from '../storage/index.ts';
import { oauthLimits } from './limits.ts';
import { makeSeal } from './seal.ts';
import { dropKeys, insertKey, lockKeys, readKeys } from './store-keys.ts';

const makePair = promisify(generateKeyPair);
const keysActor = systemActor('oauth');

export type SigningKey = JsonWebKey & { readonly kid: string; readonly alg: 'ES256'; readonly use: 'sig' };

export interface SigningKeysOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly pepper: Uint8Array;
}

const makeKey = async (): Promise<SigningKey> => {
  const { privateKey } = await makePair('ec', { namedCurve: 'P-256' });
  const jwk = privateKey.export({ format: 'jwk' });
  // RFC 7638.
  const { crv, kty, x, y } = jwk;
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return { ...jwk, kid, alg: 'ES256', use: 'sig' };
};

/** Keys that id tokens are signed with, newest first. The first start makes one; when it is old the next is made, and it is published a while longer. */
export const keepSigningKeys = async (
  { storage, clock, pepper }: SigningKeysOptions,
  isNewWanted = false,
): Promise<SigningKey[]> => {
  const { seal, open } = makeSeal(pepper, 'signing keys');
  return storage.withActor(keysActor, async (tx) => {
    await lockKeys(tx);
    const nowMs = clock.now();
    const [newest] = await readKeys(tx);
    if (isNewWanted || !newest || nowMs - newest.createdMs > oauthLimits.keyLifetimeMs) {
      const key = await makeKey();
      await insertKey(tx, { kid: key.kid, sealed: seal(JSON.stringify(key)), createdMs: nowMs });
    }
    await dropKeys(tx, nowMs - oauthLimits.keyPublishedAfterMs);
    return (await readKeys(tx)).map(({ sealed }) => JSON.parse(open(sealed)) as SigningKey);
  });
};

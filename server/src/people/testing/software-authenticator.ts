import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { NewPasskeyQuestion, PasskeyQuestion } from '../passkeys.ts';
import type { NewCredential, PasskeyAnswer } from '../types.ts';

/** CBOR of what attestation objects are made of (RFC 8949, shortest heads). */
const head = (major: number, length: number): Buffer => {
  if (length < 24) return Buffer.of((major << 5) | length);
  if (length < 256) return Buffer.of((major << 5) | 24, length);
  return Buffer.of((major << 5) | 25, length >> 8, length & 255);
};
type Cbor = number | string | Uint8Array | readonly (readonly [number | string, Cbor])[];
const cbor = (value: Cbor): Buffer => {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value, 'utf8')]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.length), ...value.flatMap(([key, one]) => [cbor(key), cbor(one)])]);
};

const flags = { present: 1, verified: 4, backupEligible: 8, backedUp: 16, attested: 64 } as const;

/** How an answer differs from a right one. */
export interface Differences {
  readonly origin?: string;
  readonly rpId?: string;
  readonly isVerified?: boolean;
  readonly isPresent?: boolean;
  readonly type?: string;
  /** In place of the next count. */
  readonly counter?: number;
  readonly userHandle?: string;
}

interface Credential {
  readonly id: Buffer;
  readonly privateKey: KeyObject;
  readonly userHandle: string;
  counter: number;
}

export interface SoftwareAuthenticator {
  /** Makes a credential (ES256, attestation "none"), and keeps it. */
  make(question: NewPasskeyQuestion, differences?: Differences): NewCredential;
  /** Signs with the one it has, or the one of this id. */
  answer(question: PasskeyQuestion, differences?: Differences, id?: string): PasskeyAnswer;
  /** Another one with the same credentials, as they are now. */
  copy(): SoftwareAuthenticator;
}

const text64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** An authenticator and the browser in front of it, which says that it is at `origin`. `counts`: each signature has a number. */
export const makeAuthenticator = (
  origin: string,
  { counts = true, credentials = [] as Credential[] } = {},
): SoftwareAuthenticator => {
  const clientData = (type: string, challenge: string, differences: Differences): Buffer =>
    Buffer.from(
      JSON.stringify({ type: differences.type ?? type, challenge, origin: differences.origin ?? origin, crossOrigin: false }),
    );
  const dataOf = (rpId: string, counter: number, more: number, differences: Differences, rest = Buffer.alloc(0)): Buffer => {
    const { isVerified = true, isPresent = true } = differences;
    const set = (isPresent ? flags.present : 0) | (isVerified ? flags.verified : 0) | more;
    const numbers = Buffer.alloc(5);
    numbers.writeUInt8(set, 0);
    numbers.writeUInt32BE(differences.counter ?? counter, 1);
    return Buffer.concat([
      createHash('sha256')
        .update(differences.rpId ?? rpId)
        .digest(),
      numbers,
      rest,
    ]);
  };
  return {
    make: ({ challenge, rpId, userHandle }, differences = {}) => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { x, y } = publicKey.export({ format: 'jwk' });
      const id = randomBytes(32);
      const point = [x, y].map((part) => Buffer.from(part as string, 'base64url')) as [Buffer, Buffer];
      const key = cbor([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, point[0]],
        [-3, point[1]],
      ]);
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(id.length >> 8, id.length & 255), id, key]);
      credentials.push({ id, privateKey, userHandle, counter: 0 });
      const attestationObject = cbor([
        ['fmt', 'none'],
        ['attStmt', []],
        ['authData', dataOf(rpId, 0, flags.attested, differences, attested)],
      ]);
      const clientDataJSON = text64(clientData('webauthn.create', challenge, differences));
      return { id: text64(id), clientDataJSON, attestationObject: text64(attestationObject), transports: ['internal'] };
    },
    answer: ({ challenge, rpId }, differences = {}, id) => {
      const credential = credentials.find((one) => id === undefined || text64(one.id) === id);
      if (!credential) throw new Error('the authenticator has no such credential');
      if (counts) credential.counter++;
      const authenticatorData = dataOf(rpId, credential.counter, 0, differences);
      const data = clientData('webauthn.get', challenge, differences);
      const hash = createHash('sha256').update(data).digest();
      const signature = sign('sha256', Buffer.concat([authenticatorData, hash]), credential.privateKey);
      return {
        id: text64(credential.id),
        clientDataJSON: text64(data),
        authenticatorData: text64(authenticatorData),
        signature: text64(signature),
        userHandle: differences.userHandle ?? credential.userHandle,
      };
    },
    copy: () => makeAuthenticator(origin, { counts, credentials: credentials.map((one) => ({ ...one })) }),
  };
};

import type { PasskeyOrigin } from './passkey-origin.ts';
import type { StoredPasskey } from './store-passkeys.ts';
import type { NewCredential, PasskeyAnswer } from './types.ts';

/** Of COSE: EdDSA, ES256, RS256. */
export const passkeyAlgorithms = [-8, -7, -257] as const;

/** Called with the challenge that was signed; false refuses. It is used up whatever else is wrong with the answer. */
type UseChallenge = (challenge: string) => Promise<boolean>;

/** The library takes a third of a second to read: most servers start more often than somebody needs it in their first second. */
const library = () => import('@simplewebauthn/server');

export interface VerifiedCredential {
  readonly credentialId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly isBackedUp: boolean;
}

/** What `run` answers; undefined when it throws: the library says with an Error what is wrong with an answer. */
const orRefused = async <T>(run: () => Promise<T>, refused: (error: unknown) => void): Promise<T | undefined> => {
  try {
    return await run();
  } catch (error) {
    refused(error);
    return undefined;
  }
};

/** Checks a new credential (WebAuthn level 3, 7.1; no attestation is asked for). Undefined: it is not to be believed. */
export const verifyNew = (
  { id, clientDataJSON, attestationObject, transports }: NewCredential,
  rp: PasskeyOrigin,
  use: UseChallenge,
  refused: (error: unknown) => void,
): Promise<VerifiedCredential | undefined> =>
  orRefused(async () => {
    const { verifyRegistrationResponse } = await library();
    const { registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject, transports: [...transports] },
      },
      expectedChallenge: use,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    });
    if (!registrationInfo) return undefined;
    const { credential, credentialBackedUp } = registrationInfo;
    if (credential.id !== id) return undefined;
    const credentialId = Buffer.from(credential.id, 'base64url');
    return { credentialId, publicKey: credential.publicKey, counter: credential.counter, isBackedUp: credentialBackedUp };
  }, refused);

export interface VerifiedAnswer {
  readonly counter: number;
  readonly isBackedUp: boolean;
}

/** Checks a signature of a passkey that is known (7.2). How often it signed is for the caller to compare. Undefined: it is not to be believed. */
export const verifyAnswer = (
  { id, clientDataJSON, authenticatorData, signature, userHandle }: PasskeyAnswer,
  passkey: StoredPasskey,
  rp: PasskeyOrigin,
  use: UseChallenge,
  refused: (error: unknown) => void,
): Promise<VerifiedAnswer | undefined> =>
  orRefused(async () => {
    const { verifyAuthenticationResponse } = await library();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature, ...(userHandle === undefined ? {} : { userHandle }) },
      },
      expectedChallenge: use,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      // 0: the library does not compare, and cannot say that this alone was wrong.
      credential: { id, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
      requireUserVerification: true,
    });
    if (!verified) return undefined;
    return { counter: authenticationInfo.newCounter, isBackedUp: authenticationInfo.credentialBackedUp };
  }, refused);

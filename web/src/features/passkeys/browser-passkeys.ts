import type { NewPasskeyQuestionView, PasskeyAnswerView, PasskeyQuestionView, RouteBody } from '@milepost/contract/api';

/** Browsers that read the options of WebAuthn as JSON: all since 2025. Others are not offered passkeys. */
const knowsPasskeys = (): boolean =>
  typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function';

/** This page can use passkeys: the browser knows them, and gives them to this address. `origin`: where they work, as the server says. */
export const takesPasskeys = (origin: string | null | undefined): boolean =>
  typeof origin === 'string' && origin === window.location.origin && knowsPasskeys();

/** The browser offers them where somebody types a name. */
export const offersPasskeys = async (): Promise<boolean> =>
  knowsPasskeys() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;

const given = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name;
/** Closed the browser's question, let it wait too long, or the page took it back. */
const isDeclined = (error: unknown): boolean => given(error, 'NotAllowedError') || given(error, 'AbortError');

const listed = (credentials: PasskeyQuestionView['credentials']): PublicKeyCredentialDescriptorJSON[] =>
  credentials.map(({ id, transports }) => ({ id, transports, type: 'public-key' }));

/** Makes a passkey for a person, who is asked by the browser. Undefined: they did not want to; `there`: the device has one of this account. */
export const makePasskey = async (
  { challenge, rpId, timeoutMs, credentials, userHandle, algorithms }: NewPasskeyQuestionView,
  person: { readonly email: string; readonly name: string },
): Promise<RouteBody<'addMyPasskey'>['credential'] | 'there' | undefined> => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
    challenge,
    timeout: timeoutMs,
    rp: { id: rpId, name: 'Milepost' },
    user: { id: userHandle, name: person.email, displayName: person.name },
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: 'public-key' })),
    excludeCredentials: listed(credentials),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
  });
  try {
    const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
    if (!made) return undefined;
    const { id, response } = made.toJSON() as RegistrationResponseJSON;
    const { clientDataJSON, attestationObject, transports } = response;
    return { id, clientDataJSON, attestationObject, transports };
  } catch (error) {
    if (given(error, 'InvalidStateError')) return 'there';
    if (isDeclined(error)) return undefined;
    throw error;
  }
};

/** Asks for a passkey. `isOffered`: not in a dialog, but where a name is typed. Undefined: none was given. */
export const askPasskey = async (
  { challenge, rpId, timeoutMs, credentials }: PasskeyQuestionView,
  { isOffered = false, signal }: { readonly isOffered?: boolean; readonly signal?: AbortSignal } = {},
): Promise<PasskeyAnswerView | undefined> => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({
    challenge,
    rpId,
    timeout: timeoutMs,
    allowCredentials: listed(credentials),
    userVerification: 'required',
  });
  const mediation = isOffered ? ('conditional' as const) : ('optional' as const);
  try {
    const found = (await navigator.credentials.get({
      publicKey,
      mediation,
      ...(signal ? { signal } : {}),
    })) as PublicKeyCredential | null;
    if (!found) return undefined;
    const { id, response } = found.toJSON() as AuthenticationResponseJSON;
    const { clientDataJSON, authenticatorData, signature, userHandle } = response;
    return { id, clientDataJSON, authenticatorData, signature, ...(userHandle ? { userHandle } : {}) };
  } catch (error) {
    if (isDeclined(error)) return undefined;
    throw error;
  }
};

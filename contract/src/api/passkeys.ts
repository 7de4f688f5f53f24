import Type, { type Static, type TSchema } from 'typebox';
import { anyone, byId, person } from './route.ts';
import { apiLimits, closed, isoTime, nullable, opaqueId } from './shared.ts';
import { outsideProvider } from './outside.ts';
import { personView } from './people.ts';

const bytes = (lengthMax: number, description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength: lengthMax, description: `${description}; base64url` });
const credentialId = bytes(1364, 'Credential ID');
const transports = Type.Array(Type.String({ pattern: '^[a-z-]{1,32}$' }), { maxItems: 16 });
const name = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });

const question = {
  challenge: Type.String(),
  rpId: Type.String(),
  timeoutMs: Type.Integer({ minimum: 0, maximum: 3_600_000 }),
  credentials: Type.Array(closed({ id: credentialId, transports })),
};
/** What a browser is asked; it makes the options of WebAuthn of it. */
export const passkeyQuestion = closed(question);
export type PasskeyQuestionView = Static<typeof passkeyQuestion>;
export const newPasskeyQuestion = closed({
  ...question,
  userHandle: Type.String(),
  algorithms: Type.Array(Type.Integer({ minimum: -65_536, maximum: 65_536 })),
});
export type NewPasskeyQuestionView = Static<typeof newPasskeyQuestion>;

/** What the browser answers, of the JSON of `PublicKeyCredential.toJSON()`. */
export const passkeyAnswer = closed({
  id: credentialId,
  clientDataJSON: bytes(8192, 'What was asked, as the browser saw it'),
  authenticatorData: bytes(8192, 'What the authenticator says of itself'),
  signature: bytes(2048, 'Over both'),
  userHandle: Type.Optional(bytes(128, 'Whose it is')),
});
export type PasskeyAnswerView = Static<typeof passkeyAnswer>;
const newCredential = closed({
  id: credentialId,
  clientDataJSON: bytes(8192, 'What was asked, as the browser saw it'),
  attestationObject: bytes(16_384, 'The new public key'),
  transports,
});

export const passkey = closed({
  id: opaqueId,
  name: Type.String(),
  isBackedUp: Type.Boolean({ description: 'Its owner has it on several devices, or a copy of it' }),
  createdAt: isoTime,
  lastUsedAt: nullable(isoTime),
});
export type PasskeyView = Static<typeof passkey>;

const tag = 'people';
const answered = <const S extends TSchema>(answer: S) => closed({ answer });

/** Passkeys (WebAuthn): a browser is asked, and answers. Each answer works once, from the browser that was asked, within 5 minutes. */
export const passkeyRoutes = {
  readWaysIn: anyone({
    method: 'GET',
    path: '/v1/ways-in',
    summary: 'Read how people can sign in here',
    tag,
    status: 200,
    response: closed({
      passkeyOrigin: nullable(
        Type.String({ description: 'Where browsers take passkeys; null: nowhere, for want of a name and https' }),
      ),
      isDemo: Type.Boolean({ description: 'Whoever comes may be any of `/v1/demo/session`' }),
      providers: Type.Array(outsideProvider),
    }),
  }),
  askPasskeySignIn: anyone({
    method: 'POST',
    path: '/v1/session/passkey-questions',
    summary: 'Ask what a passkey is to sign, to sign in',
    description: 'Sets a cookie by which the browser is known that was asked.',
    tag,
    status: 200,
    response: passkeyQuestion,
  }),
  signInByPasskey: anyone({
    method: 'POST',
    path: '/v1/session/passkeys',
    summary: 'Sign a browser in by a passkey',
    description: 'Sets the session cookie. Nothing else is asked for: the authenticator has verified who uses it.',
    tag,
    body: answered(passkeyAnswer),
    status: 200,
    response: personView,
  }),
  askPasskeyConfirmation: person({
    method: 'POST',
    path: '/v1/me/confirmations/passkey-questions',
    summary: 'Ask what a passkey is to sign, to confirm',
    tag,
    status: 200,
    response: passkeyQuestion,
  }),
  confirmMeByPasskey: person({
    method: 'POST',
    path: '/v1/me/confirmations/passkeys',
    summary: 'Use a passkey once more, as `confirmMe` with a password',
    tag,
    body: answered(passkeyAnswer),
    status: 204,
  }),
  listMyPasskeys: person({
    method: 'GET',
    path: '/v1/me/passkeys',
    summary: 'List the own passkeys, the oldest first',
    tag,
    status: 200,
    response: closed({ items: Type.Array(passkey) }),
  }),
  askNewPasskey: person({
    method: 'POST',
    path: '/v1/me/passkey-questions',
    summary: 'Ask what a new passkey is to be made of',
    tag,
    status: 200,
    response: newPasskeyQuestion,
  }),
  addMyPasskey: person({
    method: 'POST',
    path: '/v1/me/passkeys',
    summary: 'Add a passkey that the browser has made',
    tag,
    body: closed({ name, credential: newCredential }),
    status: 201,
    response: passkey,
  }),
  renameMyPasskey: person({
    method: 'PATCH',
    path: '/v1/me/passkeys/{id}',
    summary: 'Name a passkey',
    tag,
    params: byId,
    body: closed({ name }),
    status: 204,
  }),
  removeMyPasskey: person({
    method: 'DELETE',
    path: '/v1/me/passkeys/{id}',
    summary: 'Remove a passkey: it lets nobody in any more',
    tag,
    params: byId,
    status: 204,
  }),
} as const;

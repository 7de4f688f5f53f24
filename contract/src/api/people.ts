import Type, { type Static } from 'typebox';
import { anyone, byId, person } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging } from './shared.ts';

export const organisationKinds = ['platform', 'customer', 'parking_operator', 'partner'] as const;
export type OrganisationKind = (typeof organisationKinds)[number];

/** Roles by the kind of organisation in which they are had. docs/people.md */
export const rolesOf = {
  platform: ['operator', 'support'],
  customer: ['manager', 'viewer'],
  parking_operator: ['manager', 'attendant'],
  partner: ['administrator', 'developer'],
} as const satisfies Record<OrganisationKind, readonly string[]>;
export type Role = (typeof rolesOf)[OrganisationKind][number];
export const roles: readonly Role[] = [...new Set(Object.values(rolesOf).flat())];

/** By what a session began. */
export const signInMethods = ['password', 'password_totp', 'passkey', 'outside', 'first_operator'] as const;
export type SignInMethod = (typeof signInMethods)[number];

/** What a personal access token may be used for. */
export const accessTokenItems = ['read', 'write'] as const;

const email = Type.String({ minLength: 3, maxLength: apiLimits.emailCharactersMax, description: 'An e-mail address' });
const name = Type.String({ minLength: 1, maxLength: apiLimits.nameCharactersMax });
const password = Type.String({ minLength: 1, maxLength: apiLimits.passwordCharactersMax, description: '12 to 256 characters' });
/** Of a sign-in: what is too long is wrong, not refused. */
const givenPassword = Type.String({ minLength: 1, maxLength: 4096 });
const language = Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', maxLength: 35, description: 'BCP 47' });
const linkCode = Type.String({ minLength: 1, maxLength: 128, description: 'What the link carries' });
const totpCode = Type.String({ minLength: 1, maxLength: 16, description: 'Six digits of an authenticator app' });

export const membership = closed({
  organisationId: opaqueId,
  kind: oneOf(organisationKinds),
  name: Type.String(),
  role: oneOf(roles),
});
export type MembershipView = Static<typeof membership>;

export const personView = closed({
  id: opaqueId,
  email: Type.String(),
  userName: nullable(Type.String()),
  name: Type.String(),
  language: nullable(Type.String({ description: 'BCP 47; null: that of the browser' })),
  createdAt: isoTime,
  hasPassword: Type.Boolean(),
  hasSecondFactor: Type.Boolean(),
  passkeys: Type.Integer({ minimum: 0, maximum: 1000 }),
  memberships: Type.Array(membership),
});
export type PersonView = Static<typeof personView>;

export const personSession = closed({
  id: opaqueId,
  isThisOne: Type.Boolean(),
  method: oneOf(signInMethods),
  userAgent: Type.String(),
  address: Type.String({ description: 'Network address of the last use' }),
  createdAt: isoTime,
  lastUsedAt: isoTime,
  expiresAt: isoTime,
});
export type PersonSessionView = Static<typeof personSession>;

export const accessToken = closed({
  id: opaqueId,
  name: Type.String(),
  items: Type.Array(oneOf(accessTokenItems)),
  createdAt: isoTime,
  lastUsedAt: nullable(isoTime),
  expiresAt: isoTime,
});
export type AccessTokenView = Static<typeof accessToken>;

export const activity = closed({
  id: opaqueId,
  at: isoTime,
  act: Type.String(),
  by: nullable(Type.String({ description: 'Name of who did it; null: somebody who was not signed in, or who took a car over' })),
  isByYou: Type.Boolean(),
  address: Type.String({ description: 'From where it was done; empty when it was somebody else who is known' }),
  detail: Type.Record(Type.String({ pattern: '^[A-Za-z]{1,64}$' }), Type.Unknown()),
});
export type ActivityView = Static<typeof activity>;

const newAccount = { name, password, language: Type.Optional(language) };
const tag = 'people';

/** Whom somebody may be in a demo, without a password. */
export const demoRoles = ['operator', 'manager', 'owner', 'partner'] as const;
export type DemoRole = (typeof demoRoles)[number];

/** Accounts: how people get in, and what they change about themselves. */
export const peopleRoutes = {
  signIn: anyone({
    method: 'POST',
    path: '/v1/session',
    summary: 'Sign a browser in by name and password',
    description:
      'Sets the session cookie. `second_factor_needed` when the account has one and no code was sent. An unknown name is answered as a wrong password is, in the same time.',
    tag,
    body: closed({
      login: Type.String({ minLength: 1, maxLength: apiLimits.emailCharactersMax, description: 'E-mail or user name' }),
      password: givenPassword,
      code: Type.Optional(totpCode),
    }),
    status: 200,
    response: personView,
  }),
  enterDemo: anyone({
    method: 'POST',
    path: '/v1/demo/session',
    summary: 'Enter the demo as somebody',
    description: 'Sets the session cookie. Only a demo has this, which is reached from its own machine alone; else `not_found`.',
    tag,
    body: closed({ as: oneOf(demoRoles) }),
    status: 200,
    response: personView,
  }),
  askSignUp: anyone({
    method: 'POST',
    path: '/v1/sign-ups',
    summary: 'Ask for an account: a link is mailed',
    description: 'Answers the same whether or not the address has an account; the mail says which.',
    tag,
    body: closed({ email, language: Type.Optional(language) }),
    status: 204,
  }),
  readLink: anyone({
    method: 'POST',
    path: '/v1/links',
    summary: 'Read whose address a mailed link is for, without using it',
    tag,
    body: closed({ code: linkCode, purpose: oneOf(['sign_up', 'reset_password', 'change_email']) }),
    status: 200,
    response: closed({ email: Type.String() }),
  }),
  signUp: anyone({
    method: 'POST',
    path: '/v1/accounts',
    summary: 'Make the account that a mailed link is for, and sign the browser in',
    tag,
    body: closed({ code: linkCode, ...newAccount }),
    status: 201,
    response: personView,
  }),
  askPasswordReset: anyone({
    method: 'POST',
    path: '/v1/password-resets',
    summary: 'Ask for a new password: a link is mailed',
    description: 'Answers the same whether or not the address has an account; the mail says which.',
    tag,
    body: closed({ email, language: Type.Optional(language) }),
    status: 204,
  }),
  resetPassword: anyone({
    method: 'PUT',
    path: '/v1/password-resets',
    summary: 'Set the password that a mailed link is for',
    description: 'Ends every session and access token of the account.',
    tag,
    body: closed({ code: linkCode, password }),
    status: 204,
  }),
  changeEmail: anyone({
    method: 'PUT',
    path: '/v1/emails',
    summary: 'Confirm the new address that a mailed link is for',
    tag,
    body: closed({ code: linkCode }),
    status: 204,
  }),
  makeFirstOperator: anyone({
    method: 'POST',
    path: '/v1/first-operator',
    summary: 'Make the first platform operator, and sign the browser in',
    description: 'With the code of the one-time link that the server prints while there is no operator.',
    tag,
    body: closed({ code: linkCode, email, ...newAccount }),
    status: 201,
    response: personView,
  }),
  readMe: person({
    method: 'GET',
    path: '/v1/me',
    summary: 'Read the own account',
    tag,
    status: 200,
    response: personView,
  }),
  changeMe: person({
    method: 'PATCH',
    path: '/v1/me',
    summary: 'Change the own name, user name or language',
    tag,
    body: closed(
      {
        name: Type.Optional(name),
        userName: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 64 }))),
        language: Type.Optional(nullable(language)),
      },
      { minProperties: 1 },
    ),
    status: 200,
    response: personView,
  }),
  confirmMe: person({
    method: 'POST',
    path: '/v1/me/confirmations',
    summary: 'Give the password once more',
    description:
      'What lets somebody in, or locks out, is changed within 10 minutes after it; else it answers `confirmation_needed`.',
    tag,
    body: closed({ password: givenPassword, code: Type.Optional(totpCode) }),
    status: 204,
  }),
  askEmailChange: person({
    method: 'POST',
    path: '/v1/me/email',
    summary: 'Ask for another address: a link is mailed there',
    tag,
    body: closed({ email }),
    status: 204,
  }),
  changePassword: person({
    method: 'PUT',
    path: '/v1/me/password',
    summary: 'Set a new password; all other sessions end',
    tag,
    body: closed({ password }),
    status: 204,
  }),
  startSecondFactor: person({
    method: 'POST',
    path: '/v1/me/second-factor',
    summary: 'Make a secret for an authenticator app; it counts once it is confirmed',
    tag,
    status: 200,
    response: closed({ secret: Type.String(), uri: Type.String({ description: 'otpauth://totp/…, to be shown as a QR code' }) }),
  }),
  confirmSecondFactor: person({
    method: 'PUT',
    path: '/v1/me/second-factor',
    summary: 'Confirm the secret by a code of the app',
    tag,
    body: closed({ code: totpCode }),
    status: 204,
  }),
  removeSecondFactor: person({
    method: 'DELETE',
    path: '/v1/me/second-factor',
    summary: 'Remove the second factor',
    tag,
    status: 204,
  }),
  listMySessions: person({
    method: 'GET',
    path: '/v1/me/sessions',
    summary: 'List the own sessions, those used last first',
    tag,
    status: 200,
    response: closed({ items: Type.Array(personSession) }),
  }),
  endMySession: person({
    method: 'DELETE',
    path: '/v1/me/sessions/{id}',
    summary: 'End one of the own sessions',
    tag,
    params: byId,
    status: 204,
  }),
  endMyOtherSessions: person({
    method: 'DELETE',
    path: '/v1/me/sessions',
    summary: 'End all of the own sessions but this one',
    tag,
    status: 200,
    response: closed({ ended: Type.Integer({ minimum: 0, maximum: 1000 }) }),
  }),
  listMyTokens: person({
    method: 'GET',
    path: '/v1/me/tokens',
    summary: 'List the own access tokens',
    tag,
    status: 200,
    response: closed({ items: Type.Array(accessToken) }),
  }),
  makeMyToken: person({
    method: 'POST',
    path: '/v1/me/tokens',
    summary: 'Make an access token; its text is shown this once',
    tag,
    body: closed({
      name,
      items: Type.Array(oneOf(accessTokenItems), { minItems: 1, maxItems: accessTokenItems.length }),
      days: Type.Integer({ minimum: 1, maximum: apiLimits.accessTokenDaysMax, description: 'After so many days it ends' }),
    }),
    status: 201,
    response: closed({ text: Type.String(), token: accessToken }),
  }),
  endMyToken: person({
    method: 'DELETE',
    path: '/v1/me/tokens/{id}',
    summary: 'End an access token',
    tag,
    params: byId,
    status: 204,
  }),
  listMyActivity: person({
    method: 'GET',
    path: '/v1/me/activity',
    summary: 'List what was done to the own account, newest first',
    tag,
    query: closed({ ...paging }),
    status: 200,
    response: pageOf(activity),
  }),
} as const;

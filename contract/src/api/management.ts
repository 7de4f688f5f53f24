import Type, { type Static } from 'typebox';
import { membership } from './people.ts';
import { appEnvironments, appStates, partnerApiLimits } from './partners.ts';
import { byId, known, operator } from './route.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeParameter } from './shared.ts';

/** Acts of the audit log: a closed list. */
export const auditActs = [
  'sign_in',
  'sign_in_failed',
  'sign_out',
  'session_ended',
  'account_made',
  'account_ended',
  'person_suspended',
  'person_let_in',
  'email_changed',
  'password_changed',
  'password_reset',
  'totp_set',
  'totp_removed',
  'passkey_added',
  'passkey_removed',
  'passkey_refused',
  'identity_linked',
  'identity_unlinked',
  'token_made',
  'token_ended',
  'member_added',
  'member_changed',
  'member_removed',
  'organisation_made',
  'organisation_changed',
  'organisation_ended',
  'data_exported',
  'erasure_asked',
  'erasure_taken_back',
  'erasure_held',
  'erasure_begun',
  'person_erased',
  // Vehicles
  'vehicle_transferred',
  'claim_made',
  'vehicle_claimed',
  'glass_broken',
  'vehicle_read',
  // Partners
  'app_made',
  'app_changed',
  'app_ended',
  'app_secret_made',
  'app_secret_ended',
  'partner_approved',
  'partner_suspended',
  'app_quota_set',
  'webhook_made',
  'webhook_secret_made',
  'webhook_ended',
  // Consent
  'consent_asked',
  'consent_given',
  'consent_refused',
  'grant_narrowed',
  'grant_paused',
  'grant_resumed',
  'grant_ended',
  'partner_blocked',
  'partner_unblocked',
  'driver_invited',
  'invitation_accepted',
  'invitation_refused',
  'invitation_withdrawn',
] as const;

/** Named limits of the management pages. docs/limits.md says what happens at each. */
export const managementApiLimits = {
  suspensionReasonCharactersMin: 3,
  suspensionReasonCharactersMax: 500,
  /** Use of apps is added up over so many days. */
  usageDays: 7,
} as const;

export const personStates = ['active', 'suspended'] as const;

export const managedPerson = closed({
  id: opaqueId,
  isYou: Type.Boolean(),
  name: Type.String(),
  email: Type.String(),
  userName: nullable(Type.String()),
  state: oneOf(personStates),
  suspendedAt: nullable(isoTime),
  suspendedFor: nullable(Type.String({ description: 'Why, as the operator wrote it' })),
  createdAt: isoTime,
  lastUsedAt: Type.Union([nullable(isoTime)], { description: 'Of a session that still goes on; null: there is none' }),
  sessions: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Browsers that are signed in' }),
  hasSecondFactor: Type.Boolean({ description: 'TOTP, or a passkey' }),
  vehicles: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'That the person holds; which ones is not told' }),
  memberships: Type.Array(membership),
});
export type ManagedPersonView = Static<typeof managedPerson>;

const somebody = closed({ id: opaqueId, name: Type.String() });

export const auditEntry = closed({
  id: opaqueId,
  at: isoTime,
  act: Type.String({ description: 'One of those that can be asked for, or of an earlier version' }),
  by: Type.Union([nullable(somebody)], { description: 'Who did it; null: nobody who is known, or the server itself' }),
  about: Type.Union([nullable(somebody)], { description: 'Whom it concerns' }),
  subject: Type.String({ description: 'Id of what it was done to, or empty' }),
  address: Type.String({ description: 'From where' }),
  detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});
export type AuditEntryView = Static<typeof auditEntry>;

export const appLimit = closed({
  id: opaqueId,
  name: Type.String(),
  partner: somebody,
  environment: oneOf(appEnvironments),
  state: oneOf(appStates),
  requestsPerMinute: Type.Integer({ minimum: 1, maximum: partnerApiLimits.requestsPerMinuteMax }),
  reads: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Items that it was told in the last 7 days' }),
  vehicles: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Of how many vehicles' }),
  lastReadAt: nullable(isoTime),
});
export type AppLimitView = Static<typeof appLimit>;

const q = Type.Optional(Type.String({ minLength: 1, maxLength: apiLimits.searchCharactersMax }));
const tag = 'people';

/** What operators manage, and the audit log. docs/people.md */
export const managementRoutes = {
  listPeople: operator({
    method: 'GET',
    path: '/v1/people',
    summary: 'List accounts, the newest first',
    tag,
    query: closed({
      ...paging,
      q: Type.Optional(Type.String({ ...q, description: 'Part of name, e-mail or user name' })),
      state: Type.Optional(oneOf(personStates)),
    }),
    status: 200,
    response: pageOf(managedPerson),
  }),
  suspendPerson: operator({
    method: 'POST',
    path: '/v1/people/{id}/suspension',
    summary: 'Let nobody in with an account any more, until that is taken back',
    description:
      'Its sessions and tokens end with the next request. Nobody suspends themselves, nor the last operator (`in_use`).',
    tag,
    params: byId,
    body: closed({
      reason: Type.String({
        minLength: managementApiLimits.suspensionReasonCharactersMin,
        maxLength: managementApiLimits.suspensionReasonCharactersMax,
      }),
    }),
    status: 204,
  }),
  endSuspension: operator({
    method: 'DELETE',
    path: '/v1/people/{id}/suspension',
    summary: 'Let somebody in again',
    description: 'They sign in anew: what was signed in before the suspension stays out.',
    tag,
    params: byId,
    status: 204,
  }),
  listAudit: known({
    method: 'GET',
    path: '/v1/audit',
    summary: 'List security-relevant acts, the newest first',
    description:
      'Staff see all. Managers of a customer see what was done with its members, and what concerns themselves; nobody else has any.',
    tag,
    query: closed({
      ...paging,
      actor: Type.Optional(Type.String({ ...opaqueId, description: 'Id of the person who acted, or `nobody`' })),
      act: Type.Optional(oneOf(auditActs)),
      subject: Type.Optional(
        Type.String({ minLength: 1, maxLength: 128, description: 'Id of what it was done to, or whom it concerns' }),
      ),
      from: Type.Optional(timeParameter),
      to: Type.Optional(timeParameter),
      format: Type.Optional(oneOf(['json', 'csv'])),
    }),
    status: 200,
    response: pageOf(auditEntry),
    hasCsv: true,
  }),
  listAppLimits: operator({
    method: 'GET',
    path: '/v1/app-limits',
    summary: 'List how often each app may ask, and what it was told in the last 7 days',
    description: 'It is set by `PUT /v1/partners/{id}/apps/{app}/quota`. No vehicle and no owner is named.',
    tag: 'partners',
    status: 200,
    response: closed({ items: Type.Array(appLimit) }),
  }),
} as const;

import Type, { type Static } from 'typebox';
import { anyone, operator, person } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

/** Named limits of erasing people. docs/limits.md says what happens at each. */
export const personErasureApiLimits = { codeCharactersMax: 64, listedMax: 200, blockersMax: 100 } as const;

export const personErasureStates = ['waiting', 'held', 'releasing', 'clearing', 'forgetting', 'done', 'taken_back'] as const;
export type PersonErasureState = (typeof personErasureStates)[number];

/** Kinds of what is erased. */
export const erasedWhat = [
  'account',
  'sessions',
  'access_tokens',
  'passkeys',
  'providers',
  'mailed_codes',
  'memberships',
  'app_access',
  'grants_given',
  'grants_read',
  'possessions',
  'vehicle_labels',
  'vehicle_periods',
  'private_periods',
  'driver_periods',
  'webhook_deliveries',
  'exports',
  'invitations',
  'blocks',
  'claim_codes',
  'seen_warnings',
  'staff_reasons',
  'audit_details',
] as const;
export type ErasedWhat = (typeof erasedWhat)[number];

/** How: rows that go; rows of which what is personal goes; what ends; the ledger, which every read, rebuild and restore obeys. */
export const erasureMethods = ['deleted', 'blanked', 'ended', 'ledger'] as const;
export type ErasureMethod = (typeof erasureMethods)[number];

export const staysWhat = [
  'audit_log',
  'consents',
  'receipts',
  'possession',
  'ledger',
  'log',
  'history_files',
  'database_files',
  'backups',
  'mails',
  'export_topic',
  'vehicles',
] as const;
export type StaysWhat = (typeof staysWhat)[number];

/** Why something has to stay. */
export const staysWhy = [
  'security',
  'proof_of_consent',
  'use_of_partners',
  'cuts_reads',
  'keeps_erased',
  'ages_out',
  'next_merge',
  'kept_by_operator',
  'sent_already',
  'not_personal',
] as const;
export type StaysWhy = (typeof staysWhy)[number];

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Proof of what was erased. There is nothing in it that says whose it was. */
export const personErasureReport = closed({
  format: Type.Literal('milepost person erasure 1'),
  erased: Type.Array(closed({ what: oneOf(erasedWhat), count, method: oneOf(erasureMethods), at: isoTime })),
  stays: Type.Array(closed({ what: oneOf(staysWhat), why: oneOf(staysWhy), until: nullable(isoTime) })),
});
export type PersonErasureReport = Static<typeof personErasureReport>;

const states = {
  id: opaqueId,
  state: oneOf(personErasureStates),
  percent: Type.Integer({ minimum: 0, maximum: 100 }),
  askedAt: isoTime,
  dueAt: isoTime,
  beganAt: nullable(isoTime),
  endedAt: nullable(isoTime),
};

export const personErasureView = closed(states);
export type PersonErasureView = Static<typeof personErasureView>;

export const personErasureProof = closed({ ...states, report: nullable(personErasureReport) });
export type PersonErasureProof = Static<typeof personErasureProof>;

const blocker = closed({ id: opaqueId, kind: Type.String(), name: Type.String(), role: Type.String() });

/** What would happen, and what is asked for already. */
export const erasurePreview = closed({
  erasure: nullable(personErasureView),
  graceDays: Type.Integer({ minimum: 0, maximum: 366 }),
  vehicles: Type.Array(
    closed({ id: opaqueId, vin: Type.String(), plate: nullable(Type.String()), model: nullable(Type.String()) }),
    {
      description: 'Those that are yours now: nobody holds them any more, and their devices are not listened to',
    },
  ),
  formerVehicles: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Those that were yours: the data of your time go',
  }),
  partnerGrants: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Grants to partners that end; they are told',
  }),
  driverGrants: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Grants to other people that end' }),
  grantsRead: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Grants of others by which you read, which end',
  }),
  organisations: Type.Array(closed({ id: opaqueId, name: Type.String() }), { description: 'Where you are no member any more' }),
  blockers: Type.Array(blocker, {
    maxItems: personErasureApiLimits.blockersMax,
    description: 'Organisations that nobody else is in charge of: somebody else has to be first',
  }),
});
export type ErasurePreview = Static<typeof erasurePreview>;

const tag = 'people';

/** Everything of one person is erased. docs/people.md */
export const personErasureRoutes = {
  readMyErasure: person({
    method: 'GET',
    path: '/v1/me/erasure',
    summary: 'Read what erasing yourself would do, and whether it is asked for',
    tag,
    status: 200,
    response: erasurePreview,
  }),
  startMyErasure: person({
    method: 'POST',
    path: '/v1/me/erasure',
    summary: 'Have everything of you erased',
    description:
      'It begins after a week, in which it can be taken back. `code` reads how far it is, and the report, when nobody can sign in any more: it is shown once, and mailed. 409 `last_in_charge` while an organisation has nobody else. Asks that the password or passkey was given a moment ago.',
    tag,
    status: 201,
    response: closed({ erasure: personErasureView, code: Type.String() }),
  }),
  takeBackMyErasure: person({
    method: 'DELETE',
    path: '/v1/me/erasure',
    summary: 'Take back that you want to be erased',
    description: '409 `erasure_begun` when it has begun.',
    tag,
    status: 204,
  }),
  readErasureProof: anyone({
    method: 'POST',
    path: '/v1/erasure-proofs',
    summary: 'Read how far the erasure of a person is, and its report, by the code that the person got',
    tag,
    body: closed({ code: Type.String({ minLength: 1, maxLength: personErasureApiLimits.codeCharactersMax }) }),
    status: 200,
    response: personErasureProof,
  }),
  listPersonErasures: operator({
    method: 'GET',
    path: '/v1/person-erasures',
    summary: 'List erasures of people, by pseudonym, the newest first',
    tag,
    status: 200,
    response: closed({
      items: Type.Array(
        closed({
          ...personErasureProof.properties,
          person: Type.String({ description: 'A pseudonym: the id that the account had' }),
        }),
        { maxItems: personErasureApiLimits.listedMax },
      ),
    }),
  }),
} as const;

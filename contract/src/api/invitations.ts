import Type, { type Static } from 'typebox';
import { consentItem, consentLimits } from './consent.ts';
import { byId, person } from './route.ts';
import { closed, isoTime, nullable, opaqueId } from './shared.ts';

/** Named limits of invitations. docs/limits.md says what happens at each. */
export const invitationApiLimits = { ownVehiclesMax: 500, codeCharactersMax: 64 } as const;

const items = Type.Array(consentItem, { minItems: 1, maxItems: consentLimits.itemsPerRequestMax });
const invitedVehicle = closed({
  id: opaqueId,
  vin: Type.String(),
  plate: nullable(Type.String()),
  model: nullable(Type.String()),
});

/** What a holder offers somebody by e-mail. */
export const driverInvitation = closed({
  id: opaqueId,
  from: Type.String({ description: 'Who holds the vehicle, as they are called' }),
  email: Type.String({ description: 'To whom it was sent' }),
  vehicle: invitedVehicle,
  items,
  until: nullable(isoTime),
  backDays: Type.Integer({ minimum: 0, maximum: consentLimits.backDaysMax }),
  createdAt: isoTime,
  expiresAt: isoTime,
});
export type DriverInvitationView = Static<typeof driverInvitation>;

export const ownVehicle = closed({
  ...invitedVehicle.properties,
  customer: nullable(Type.String({ description: 'The customer that holds it and that you manage; null: it is yours' })),
});
export type OwnVehicleView = Static<typeof ownVehicle>;

const code = Type.String({
  minLength: 1,
  maxLength: invitationApiLimits.codeCharactersMax,
  description: 'Of the link in the mail',
});
const tag = 'consent';

/** Drivers by invitation. docs/consent.md */
export const invitationRoutes = {
  listOwnVehicles: person({
    method: 'GET',
    path: '/v1/me/vehicles',
    summary: 'List the vehicles that one may share: those one holds, and those of customers that one manages',
    tag,
    query: closed({ q: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the plate, VIN or model' })) }),
    status: 200,
    response: closed({
      items: Type.Array(ownVehicle, { maxItems: invitationApiLimits.ownVehiclesMax }),
      isComplete: Type.Boolean({ description: 'false: there are more than fit, search' }),
    }),
  }),
  inviteDriver: person({
    method: 'POST',
    path: '/v1/driver-invitations',
    summary: 'Invite somebody by e-mail to see something of one’s vehicles',
    description:
      'A link goes to the address. What is answered is the same whether it has an account or not. One of the same vehicle to the same address takes the place of the one before.',
    tag,
    body: closed({
      email: Type.String({ minLength: 3, maxLength: 254 }),
      vehicles: Type.Array(opaqueId, { minItems: 1, maxItems: consentLimits.vehiclesPerRequestMax }),
      items,
      until: Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description: 'ISO 8601' })),
      backDays: Type.Optional(Type.Integer({ minimum: 0, maximum: consentLimits.backDaysMax })),
      textVersion: Type.String({ minLength: 1, maxLength: 64 }),
      language: Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', maxLength: 35 }),
    }),
    status: 201,
    response: closed({ items: Type.Array(driverInvitation) }),
  }),
  listDriverInvitations: person({
    method: 'GET',
    path: '/v1/driver-invitations',
    summary: 'List the invitations that wait for an answer: those one sent, and those one got',
    tag,
    status: 200,
    response: closed({ sent: Type.Array(driverInvitation), received: Type.Array(driverInvitation) }),
  }),
  readDriverInvitations: person({
    method: 'POST',
    path: '/v1/driver-invitation-links',
    summary: 'Read the invitations that the link in a mail is about',
    description: '`link_used` when none of them can be answered any more.',
    tag,
    body: closed({ code }),
    status: 200,
    response: closed({ items: Type.Array(driverInvitation) }),
  }),
  answerDriverInvitation: person({
    method: 'PUT',
    path: '/v1/driver-invitations/{id}/answer',
    summary: 'Accept an invitation, or say no to it',
    description: 'Who got it at the address of the account, or by the link. Accepted, it is a grant.',
    tag,
    params: byId,
    body: closed({ isAccepted: Type.Boolean(), code: Type.Optional(code) }),
    status: 204,
  }),
  withdrawDriverInvitation: person({
    method: 'DELETE',
    path: '/v1/driver-invitations/{id}',
    summary: 'Take an invitation back that was not answered',
    tag,
    params: byId,
    status: 204,
  }),
} as const;

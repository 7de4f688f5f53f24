import Type, { type Static } from 'typebox';
import { consentItem, consentItemName, consentLimits, grantStates, sharedVehicle } from './consent.ts';
import { byId, person } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

/** Why a grant ended. */
export const grantEndReasons = [
  'holder',
  'reader',
  'expired',
  'replaced',
  'transferred',
  'vehicle_ended',
  'app_suspended',
  'app_ended',
  'partner_suspended',
  'partner_blocked',
  'erased',
] as const;

const items = Type.Array(consentItem, { minItems: 1, maxItems: consentLimits.itemsPerRequestMax });
const moment = Type.String({ format: 'date-time', maxLength: 40, description: 'ISO 8601' });

/** Who reads: an app of a partner, or a person. */
const grantReader = Type.Union([
  closed({
    kind: Type.Literal('app'),
    id: Type.String(),
    name: Type.String(),
    partner: closed({ id: opaqueId, name: Type.String() }),
  }),
  closed({ kind: Type.Literal('person'), name: Type.String() }),
]);

/** Whose vehicle it is. */
const grantHolder = Type.Union([
  closed({ kind: Type.Literal('person'), name: Type.String() }),
  closed({ kind: Type.Literal('customer'), id: opaqueId, name: Type.String() }),
]);

/** The words of the partner that stood there when it was given. */
const grantTerms = closed({ language: Type.String(), terms: Type.String() });

const grantedVehicle = closed({ id: opaqueId, vin: Type.String(), plate: nullable(Type.String()) });

export const grantView = closed({
  id: opaqueId,
  state: oneOf(grantStates),
  isMine: Type.Boolean({ description: 'You may change it: the vehicle is yours, or you manage it. Else you read by it' }),
  reader: grantReader,
  holder: grantHolder,
  vehicle: grantedVehicle,
  items: Type.Array(consentItem),
  givenItems: Type.Array(consentItem, { description: 'As it was given; what is not in `items` was taken off since' }),
  purpose: Type.String(),
  purposeVersion: Type.String(),
  givenAt: isoTime,
  until: nullable(isoTime),
  backTo: Type.String({ format: 'date-time', maxLength: 32, description: 'The oldest sample that may be read' }),
  endedAt: nullable(isoTime),
  endReason: nullable(oneOf(grantEndReasons)),
  lastReadAt: nullable(
    Type.String({
      format: 'date-time',
      maxLength: 32,
      description: 'When something was last read by it; null: not within 90 days',
    }),
  ),
  isUnused: Type.Boolean({ description: 'Given 90 days ago or more, and nothing was read since: it may not be needed' }),
});
export type GrantView = Static<typeof grantView>;

const grantEvent = closed({
  at: isoTime,
  kind: oneOf(['given', 'narrowed', 'paused', 'resumed', 'ended']),
  isByYou: Type.Boolean(),
  items: nullable(Type.Array(consentItem, { description: 'What was given, or left' })),
  until: nullable(isoTime),
  reason: nullable(oneOf(grantEndReasons)),
  answer: nullable(closed({ textVersion: Type.String(), language: Type.String(), method: Type.String() })),
});
/** One grant with all that happened to it, oldest first, and the words that were read before it was given. */
export const grantDetail = closed({
  ...grantView.properties,
  terms: nullable(grantTerms),
  history: Type.Array(grantEvent),
});
export type GrantDetailView = Static<typeof grantDetail>;

export type GrantEventView = Static<typeof grantEvent>;

/** Which words somebody read before they answered. */
const shownText = {
  textVersion: Type.String({ minLength: 1, maxLength: 64, description: 'Version of the text that was shown' }),
  language: Type.String({ pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', maxLength: 35, description: 'BCP 47' }),
};

const tag = 'consent';

/** Consent: who may read what of one's vehicles. docs/consent.md */
export const consentRoutes = {
  listGrants: person({
    method: 'GET',
    path: '/v1/grants',
    summary: 'List who may read what of the own vehicles, and what one may read of others’, newest first',
    description: 'Those that go on, and those that ended within the last 90 days.',
    tag,
    query: closed({
      vehicle: Type.Optional(opaqueId),
      app: Type.Optional(opaqueId),
      item: Type.Optional(consentItemName),
      state: Type.Optional(oneOf(grantStates)),
    }),
    status: 200,
    response: closed({ items: Type.Array(grantView) }),
  }),
  readGrant: person({
    method: 'GET',
    path: '/v1/grants/{id}',
    summary: 'Read one grant with its whole history',
    tag,
    params: byId,
    status: 200,
    response: grantDetail,
  }),
  changeGrant: person({
    method: 'PATCH',
    path: '/v1/grants/{id}',
    summary: 'Narrow, pause or resume a grant',
    description: 'Never widens it (`grant_widened`): that takes a new answer. Works from the next read on.',
    tag,
    params: byId,
    body: closed(
      {
        items: Type.Optional(items),
        until: Type.Optional(moment),
        state: Type.Optional(oneOf(['active', 'paused'])),
        ...shownText,
      },
      { minProperties: 3 },
    ),
    status: 200,
    response: grantView,
  }),
  endGrant: person({
    method: 'DELETE',
    path: '/v1/grants/{id}',
    summary: 'End a grant, of one’s vehicle or by which one reads',
    tag,
    params: byId,
    status: 204,
  }),
  trySharing: person({
    method: 'POST',
    path: '/v1/consent-previews',
    summary: 'See the very answer that a reader of these items would get about one’s vehicle now',
    tag,
    body: closed({ vehicle: opaqueId, items }),
    status: 200,
    response: sharedVehicle,
  }),
  listPartnerBlocks: person({
    method: 'GET',
    path: '/v1/me/partner-blocks',
    summary: 'List the partners that may ask nothing more',
    tag,
    status: 200,
    response: closed({ items: Type.Array(closed({ id: opaqueId, name: Type.String(), blockedAt: isoTime })) }),
  }),
  blockPartner: person({
    method: 'PUT',
    path: '/v1/me/partner-blocks/{id}',
    summary: 'Block a partner: it may ask nothing more, and one’s own grants to its apps end',
    tag,
    params: byId,
    body: closed({ ...shownText }),
    status: 204,
  }),
  unblockPartner: person({
    method: 'DELETE',
    path: '/v1/me/partner-blocks/{id}',
    summary: 'Let a partner ask again',
    tag,
    params: byId,
    status: 204,
  }),
} as const;

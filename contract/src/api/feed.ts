import Type, { type Static } from 'typebox';
import { consentItem, sharedVehicle } from './consent.ts';
import { partner } from './route.ts';
import { closed, isoTime, nullable, oneOf } from './shared.ts';

/** Named limits of changes. docs/limits.md says what happens at each. */
export const feedApiLimits = {
  cursorCharactersMax: 8192,
  pageDefault: 100,
  pageMax: 500,
} as const;

const { vehicle, signals, withheld } = sharedVehicle.properties;
const id = Type.String({ description: 'The same however often it is told: what comes again has it again' });

/** New values of one vehicle: of one report, or of a minute, an hour or a day that is over. */
export const vehicleChanged = closed(
  {
    id,
    type: Type.Literal('vehicle.changed'),
    time: Type.Union([isoTime], { description: 'Of the newest value in it, as finely as it is told' }),
    vehicle,
    signals,
    withheld,
  },
  { description: 'New values of a vehicle, as far and as finely as they are granted' },
);
export type VehicleChanged = Static<typeof vehicleChanged>;

export const grantFeedTypes = ['grant.given', 'grant.narrowed', 'grant.paused', 'grant.resumed', 'grant.ended'] as const;
export const grantFeedReasons = ['revoked', 'expired', 'replaced'] as const;

export const grantFeedEvent = closed(
  {
    id,
    type: oneOf(grantFeedTypes),
    time: isoTime,
    vehicle,
    grant: closed({
      id: Type.String(),
      purpose: Type.String(),
      items: Type.Array(consentItem, { description: 'What is left of it; when it has ended, what was left' }),
      until: nullable(isoTime),
    }),
    reason: Type.Optional(oneOf(grantFeedReasons, { description: 'Of an end' })),
  },
  { description: 'A holder, or time, changed what may be read of a vehicle' },
);
export type GrantFeedEvent = Static<typeof grantFeedEvent>;

export const feedEvent = Type.Union([vehicleChanged, grantFeedEvent]);
export type FeedEvent = Static<typeof feedEvent>;

export const changesPage = closed({
  items: Type.Array(feedEvent),
  cursor: Type.String({ description: 'Ask with it for what comes next, at once or within 7 days' }),
  hasMore: Type.Boolean({ description: 'There may be more already: also of an empty page' }),
});
export type ChangesPage = Static<typeof changesPage>;

export const cursorParameter = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: feedApiLimits.cursorCharactersMax,
    description: 'Up to where the app was told; without it what is told begins now',
  }),
);

const tag = 'partners';

/** What apps are told of changes. docs/partner.md */
export const feedRoutes = {
  readPartnerChanges: partner({
    method: 'GET',
    path: '/v1/partner/changes',
    summary: 'Read what has changed since a cursor, of all vehicles of the token',
    description:
      'At least once, up to 7 days back. A page may be empty and go on all the same: ask with its cursor while `hasMore`.',
    tag,
    query: closed({
      cursor: cursorParameter,
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: feedApiLimits.pageMax, default: feedApiLimits.pageDefault })),
    }),
    status: 200,
    response: changesPage,
  }),
  streamPartner: partner({
    method: 'GET',
    path: '/v1/partner/stream',
    summary: 'Hear what changes, as it comes: by server-sent events, or (with an upgrade) by WebSocket',
    description:
      'The first event is `stream.opened`. Each has its cursor (as `id` of the event, and in its data): `Last-Event-ID`, or `cursor`, goes on from there. docs/partner.md',
    tag,
    query: closed({ cursor: cursorParameter }),
    status: 200,
    files: ['text/event-stream'],
  }),
} as const;

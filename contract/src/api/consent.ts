import Type, { type Static } from 'typebox';
import { consentGroups } from '../signals/definition.ts';
import { closed, isoTime, nullable, oneOf } from './shared.ts';

/** Named limits of consent. docs/limits.md says what happens at each. */
export const consentLimits = {
  vehiclesPerRequestMax: 50,
  itemsPerRequestMax: 100,
  purposeCharactersMax: 64,
  signalPathCharactersMax: 200,
  /** Ten years: how far back a grant may reach, and how long it may last. */
  backDaysMax: 3660,
  grantDaysMax: 3660,
  thresholdMax: 1e12,
} as const;

/** Where: exactly, or the middle of a fixed cell of about this size. Never noise: what is asked twice is answered the same. */
export const placePrecisions = ['exact', 'about100m', 'about1km', 'about10km'] as const;
export type PlacePrecision = (typeof placePrecisions)[number];

/** When: of each report, or one value for each minute, hour or day, whose time is the end of it. */
export const timePrecisions = ['report', 'minute', 'hour', 'day'] as const;
export type TimePrecision = (typeof timePrecisions)[number];

/** Why an item is not in an answer. */
export const withheldReasons = ['not_granted', 'revoked', 'expired', 'paused', 'not_supported'] as const;
export type WithheldReason = (typeof withheldReasons)[number];

export const grantStates = ['active', 'paused', 'ended'] as const;
export type GrantState = (typeof grantStates)[number];

/** A consent group (`energy`), or the path of one signal of the vocabulary. */
export const consentItemName = Type.String({
  minLength: 1,
  maxLength: consentLimits.signalPathCharactersMax,
  description: `A consent group (${consentGroups.join(', ')}) or the path of one signal`,
});

/** One thing that is asked for or granted, and how finely. What is left out is the finest. */
export const consentItem = closed({
  item: consentItemName,
  place: Type.Optional(oneOf(placePrecisions, { description: 'Of positions alone' })),
  time: Type.Optional(oneOf(timePrecisions)),
  above: Type.Optional(
    Type.Number({
      minimum: -consentLimits.thresholdMax,
      maximum: consentLimits.thresholdMax,
      description: 'In the unit of the signal: told is only whether the value is above it. Of one numeric signal alone',
    }),
  ),
});
export type ConsentItem = Static<typeof consentItem>;

/** `authorization_details` of RFC 9396 as Milepost takes them. */
export const vehicleDataDetail = closed({
  type: Type.Literal('vehicle_data'),
  vehicles: Type.Optional(
    Type.Array(Type.String({ minLength: 17, maxLength: 17, description: 'A VIN' }), {
      minItems: 1,
      maxItems: consentLimits.vehiclesPerRequestMax,
      description: 'Left out: the owner chooses',
    }),
  ),
  items: Type.Array(consentItem, { minItems: 1, maxItems: consentLimits.itemsPerRequestMax }),
  purpose: Type.String({
    minLength: 1,
    maxLength: consentLimits.purposeCharactersMax,
    description: 'One of the purposes that the app has declared',
  }),
  until: Type.Optional(
    Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'ISO 8601: when it ends by itself. Left out: when it is ended',
    }),
  ),
  backDays: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: consentLimits.backDaysMax,
      description: 'How far back before the grant; 0 unless given',
    }),
  ),
});
export type VehicleDataDetail = Static<typeof vehicleDataDetail>;

/** How finely a value is told. */
export const toldPrecision = closed({
  place: Type.Optional(oneOf(placePrecisions)),
  time: oneOf(timePrecisions),
  above: Type.Optional(Type.Number()),
});

/** What a partner is answered about one vehicle: on REST, the stream and in webhooks alike. */
export const sharedVehicle = closed({
  vehicle: Type.String({ description: 'Opaque id of the vehicle, of this app alone' }),
  signals: Type.Record(
    Type.String({ maxLength: consentLimits.signalPathCharactersMax }),
    closed({
      value: Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Array(Type.String())]),
      unit: nullable(Type.String()),
      time: isoTime,
      ageMs: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      precision: toldPrecision,
    }),
  ),
  withheld: Type.Array(closed({ item: consentItemName, reason: oneOf(withheldReasons) })),
});
export type SharedVehicle = Static<typeof sharedVehicle>;

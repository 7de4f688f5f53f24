import Type, { type Static } from 'typebox';
import { consentItem, consentLimits, grantStates, sharedVehicle, toldPrecision } from './consent.ts';
import { partner } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId, pageOf, timeParameter } from './shared.ts';
import { activityQuery, charging, stop, trip } from './trips.ts';
import { signalValue } from './vehicle.ts';

export const grantedVehicle = closed({
  vehicle: Type.String({ description: 'Opaque id of the vehicle, of this app alone' }),
  grants: Type.Array(
    closed({
      state: oneOf(grantStates),
      purpose: Type.String(),
      items: Type.Array(consentItem),
      until: nullable(isoTime),
      backTo: isoTime,
    }),
  ),
});
export type GrantedVehicle = Static<typeof grantedVehicle>;

/** Named limits of what apps read. docs/limits.md says what happens at each. */
export const partnerDataLimits = {
  /** Values in one answer of history; the rest follows from `next`. */
  historyValuesMax: 20_000,
  historySignalsMax: 32,
  mileageDaysMax: 92,
  /** Of periods in which it was driven; earlier ones follow from `next`. */
  drivenDaysMax: 31,
} as const;

const { vehicle, withheld } = sharedVehicle.properties;

export const sharedHistory = closed({
  vehicle,
  signals: Type.Record(
    Type.String({ maxLength: consentLimits.signalPathCharactersMax }),
    closed({
      unit: nullable(Type.String()),
      precision: toldPrecision,
      times: Type.Array(isoTime),
      values: Type.Array(signalValue, { description: 'One for each of `times`' }),
    }),
  ),
  withheld,
  completeTo: Type.Union([nullable(isoTime)], {
    description: 'Everything that was received before is contained; null: nothing is told',
  }),
  next: Type.Union([nullable(isoTime)], { description: 'The answer was cut: go on with this as `from`' }),
});
export type SharedHistory = Static<typeof sharedHistory>;

const page = <S extends Parameters<typeof pageOf>[0]>(item: S) =>
  closed({ vehicle, ...pageOf(item).properties, withheld, completeTo: nullable(isoTime) });

const { driver: _driver, isPrivate: _isPrivate, harshEvents, ...ofTrip } = trip.properties;
/** Of a trip; what is not granted is null, and `withheld` says why. */
export const sharedTrip = closed({ ...ofTrip, harshEvents: nullable(harshEvents) });
export type SharedTrip = Static<typeof sharedTrip>;

/** Whole minutes, hours or days, as `driving` is granted, in each of which it was driven. */
export const drivenPeriod = closed({
  start: isoTime,
  end: isoTime,
  distanceKm: Type.Number({ minimum: 0, maximum: 10_000_000, description: 'Of all trips in it together' }),
});
export type DrivenPeriodView = Static<typeof drivenPeriod>;
export const sharedTrips = closed({
  ...page(sharedTrip).properties,
  driven: Type.Array(drivenPeriod, {
    description:
      'Instead of `items`, where `driving` is granted once a minute, an hour or a day: newest first, each told when it is over',
  }),
});
export type SharedTrips = Static<typeof sharedTrips>;
export const sharedStops = page(stop);
export type SharedStops = Static<typeof sharedStops>;
export const sharedCharging = page(charging);
export type SharedCharging = Static<typeof sharedCharging>;

const kilometres = Type.Number({ minimum: 0, maximum: 10_000_000 });
export const sharedMileage = closed({
  vehicle,
  days: Type.Array(
    closed({
      day: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'In UTC' }),
      odometerKm: Type.Union([kilometres], { description: 'The last that is told of the day' }),
      distanceKm: Type.Union([nullable(kilometres)], {
        description: 'Since the day before that has one; null: that is not known, or not granted',
      }),
    }),
    { description: 'Those that have an odometer, oldest first' },
  ),
  withheld,
});
export type SharedMileage = Static<typeof sharedMileage>;

const items = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: consentLimits.itemsPerRequestMax * consentLimits.signalPathCharactersMax,
    description: 'Consent groups and paths of signals, separated by commas; all that was granted unless given',
  }),
);
const period = { from: Type.Optional(timeParameter), to: Type.Optional(timeParameter) };
const byVehicle = closed({ id: opaqueId });

const tag = 'partners';

/** What apps read with a token that a person gave them. docs/partner.md */
export const partnerDataRoutes = {
  listPartnerVehicles: partner({
    method: 'GET',
    path: '/v1/partner/vehicles',
    summary: 'List the vehicles that the token is of, and what is granted of each',
    tag,
    status: 200,
    response: closed({ items: Type.Array(grantedVehicle) }),
  }),
  readPartnerVehicle: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}',
    summary: 'Read the latest of a vehicle, as far and as finely as it is granted',
    description: 'What is not given is in `withheld`, each item with its reason. Old values are given with their age.',
    tag,
    params: byVehicle,
    query: closed({ items }),
    status: 200,
    response: sharedVehicle,
  }),
  readPartnerHistory: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}/history',
    summary: 'Read values of a vehicle over time, as far and as finely as they are granted',
    description: 'The last hour unless `from` or `to` is given. What is told once an hour has the end of its hour as its time.',
    tag,
    params: byVehicle,
    query: closed({
      items,
      ...period,
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: partnerDataLimits.historyValuesMax,
          description: 'Values of all signals together, at most',
        }),
      ),
    }),
    status: 200,
    response: sharedHistory,
  }),
  listPartnerTrips: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}/trips',
    summary: 'List trips of a vehicle, newest first',
    description:
      'Needs `driving`; of each report, places need `position`, speeds and harsh events `motion`, energy `energy`. Granted once a minute, an hour or a day, `driven` says in which it was driven and how far.',
    tag,
    params: byVehicle,
    query: activityQuery,
    status: 200,
    response: sharedTrips,
  }),
  listPartnerStops: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}/stops',
    summary: 'List stops of a vehicle, newest first',
    description: 'Needs `driving` of each report; places need `position`.',
    tag,
    params: byVehicle,
    query: activityQuery,
    status: 200,
    response: sharedStops,
  }),
  listPartnerCharging: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}/charging',
    summary: 'List charging sessions of a vehicle, newest first',
    description: 'Needs `energy` of each report; places need `position`.',
    tag,
    params: byVehicle,
    query: activityQuery,
    status: 200,
    response: sharedCharging,
  }),
  readPartnerMileage: partner({
    method: 'GET',
    path: '/v1/partner/vehicles/{id}/mileage',
    summary: 'Read how far a vehicle went each day',
    description:
      'Made of what is told of the odometer, however coarsely: one value a day is enough. The last 31 days unless a period is given.',
    tag,
    params: byVehicle,
    query: closed(period),
    status: 200,
    response: sharedMileage,
  }),
} as const;

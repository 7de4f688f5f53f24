import Type, { type Static } from 'typebox';
import { consentItem, consentLimits, grantStates, sharedVehicle } from './consent.ts';
import { partner } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

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
    params: closed({ id: opaqueId }),
    query: closed({
      items: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: consentLimits.itemsPerRequestMax * consentLimits.signalPathCharactersMax,
          description: 'Consent groups and paths of signals, separated by commas; all that was granted unless given',
        }),
      ),
    }),
    status: 200,
    response: sharedVehicle,
  }),
} as const;

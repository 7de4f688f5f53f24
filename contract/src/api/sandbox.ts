import Type, { type Static } from 'typebox';
import { consentItem, grantStates } from './consent.ts';
import { partner, person } from './route.ts';
import { byId } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

/**
 * What can be made to happen to a car of a sandbox: it reports once, drives for ten minutes, reports a tire that is low; its holder grants what the app may ask
 * for, narrows that, or lets it expire within a second.
 */
export const sandboxTriggers = ['report', 'drive', 'warning', 'grant', 'narrowing', 'expiry'] as const;
export type SandboxTrigger = (typeof sandboxTriggers)[number];

export const sandboxCar = closed({
  vehicle: opaqueId,
  vin: Type.String({ description: 'Invented. An app can ask its holder by it (CIBA)' }),
  isYours: Type.Boolean({ description: 'You made it, and hold it' }),
  madeAt: isoTime,
  drivesUntil: nullable(isoTime),
  grant: Type.Union(
    [
      nullable(
        closed({
          id: opaqueId,
          state: oneOf(grantStates),
          purpose: Type.String(),
          items: Type.Array(consentItem),
          until: nullable(isoTime),
        }),
      ),
    ],
    { description: 'The newest of this app' },
  ),
});
export type SandboxCarView = Static<typeof sandboxCar>;

const tag = 'partners';
const path = '/v1/partners/{id}/apps/{app}/sandbox/cars';
const appParams = closed({ id: opaqueId, app: opaqueId });
const carParams = closed({ id: opaqueId, app: opaqueId, car: opaqueId });
const body = closed({ trigger: oneOf(sandboxTriggers) });

/** Cars with which a partner tries an app out. docs/partner.md */
export const sandboxRoutes = {
  listSandboxCars: person({
    method: 'GET',
    path,
    summary: 'List the cars of a sandbox app',
    tag,
    params: appParams,
    status: 200,
    response: closed({ items: Type.Array(sandboxCar), carsMax: Type.Integer({ minimum: 1, maximum: 100 }) }),
  }),
  makeSandboxCar: person({
    method: 'POST',
    path,
    summary: 'Make a simulated car for a sandbox app; you hold it',
    tag,
    params: appParams,
    status: 201,
    response: sandboxCar,
  }),
  endSandboxCar: person({
    method: 'DELETE',
    path: `${path}/{car}`,
    summary: 'End a car of a sandbox',
    tag,
    params: carParams,
    status: 204,
  }),
  triggerSandboxCar: person({
    method: 'POST',
    path: `${path}/{car}/triggers`,
    summary: 'Make something happen to a car of a sandbox',
    description: 'It happens as it would to any car: by a report of its device, or by an act of its holder.',
    tag,
    params: carParams,
    body,
    status: 200,
    response: sandboxCar,
  }),
  triggerPartnerVehicle: partner({
    method: 'POST',
    path: '/v1/partner/vehicles/{id}/triggers',
    summary: 'Make something happen to a car of the own sandbox, as the app',
    description: 'Of sandbox apps, and of their own cars alone.',
    tag,
    params: byId,
    body,
    status: 200,
    response: sandboxCar,
  }),
} as const;

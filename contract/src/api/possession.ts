import Type, { type Static } from 'typebox';
import { byId, manager, person, reader, staff } from './route.ts';
import { closed, isoTime, nullable, oneOf, opaqueId } from './shared.ts';

export const claimCode = closed({
  code: Type.String({ description: 'Twelve characters in groups of four; shown once' }),
  expiresAt: isoTime,
});
export type ClaimCodeView = Static<typeof claimCode>;

export const holderPeriod = closed({
  kind: oneOf(['person', 'customer']),
  name: nullable(Type.String({ description: 'Of the customer, or yourself; null: another person' })),
  isYou: Type.Boolean({ description: 'You, or a customer of which you are a member' }),
  from: nullable(isoTime),
  to: nullable(isoTime),
});
export type HolderPeriodView = Static<typeof holderPeriod>;

const tag = 'vehicles';

/** Who holds a vehicle, and how it changes hands. docs/people.md */
export const possessionRoutes = {
  listHolders: reader({
    method: 'GET',
    path: '/v1/vehicles/{id}/holders',
    summary: 'List who held a vehicle when',
    description: 'Staff see all periods; whoever held it sees the own ones.',
    tag,
    params: byId,
    status: 200,
    response: closed({ items: Type.Array(holderPeriod) }),
  }),
  makeClaimCode: manager({
    method: 'POST',
    path: '/v1/vehicles/{id}/claim-codes',
    summary: 'Make a code with which a person becomes the holder of a vehicle',
    description: 'For its holder, or for an operator while it is a customer’s. Codes made before end.',
    tag,
    params: byId,
    status: 201,
    response: claimCode,
  }),
  makeShownClaimCode: {
    method: 'POST',
    path: '/v1/devices/claim-code',
    summary: 'As a device: get a code to show, with which who stands before it becomes the holder of its vehicle',
    description:
      'By the token of the login, or a client certificate. For ten minutes, and the code before ends; only while the vehicle is no person’s and no customer’s.',
    tag: 'devices',
    access: 'device',
    status: 201,
    response: closed({ ...claimCode.properties, serverTime: isoTime }),
  },
  claimVehicle: person({
    method: 'POST',
    path: '/v1/claims',
    summary: 'Become the holder of a vehicle by a code',
    description: 'From now on: nothing of before is shown. Every grant of the holder before ends.',
    tag,
    body: closed({ code: Type.String({ minLength: 1, maxLength: 64 }) }),
    status: 201,
    response: closed({ id: opaqueId, vin: Type.String(), model: nullable(Type.String()) }),
  }),
  breakGlass: staff({
    method: 'POST',
    path: '/v1/vehicles/{id}/broken-glass',
    summary: 'Look at what a private owner keeps to themselves, for an hour and a reason that the owner sees',
    tag,
    params: byId,
    body: closed({ reason: Type.String({ minLength: 10, maxLength: 1000 }) }),
    status: 201,
    response: closed({ until: isoTime }),
  }),
} as const;

import Type, { type Static } from 'typebox';
import { deviceKinds } from '../signals/index.ts';
import { apiLimits, closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeField } from './shared.ts';
import { newVehicle } from './vehicle.ts';

const imei = Type.String({
  minLength: 1,
  maxLength: 32,
  description: '15 digits; a check digit that does not fit is accepted and marked',
});
const from = Type.Union([timeField], {
  description: 'Since when it is on the vehicle; without it a first assignment reaches back without limit',
});
const secret = Type.String({ minLength: 1, maxLength: 128, description: 'Shown once' });

export const newDevice = closed({
  imei,
  vehicleId: opaqueId,
  from: Type.Optional(from),
  kind: Type.Optional(oneOf(deviceKinds)),
});
export type NewDeviceBody = Static<typeof newDevice>;

export const createdDevice = closed({ id: opaqueId, secret, isImeiCheckDigitValid: Type.Boolean() });
export type CreatedDevice = Static<typeof createdDevice>;

export const device = closed({
  id: opaqueId,
  imei: Type.String(),
  isImeiCheckDigitValid: Type.Boolean(),
  kind: oneOf(deviceKinds),
  createdAt: isoTime,
  revokedAt: nullable(isoTime),
  assignments: Type.Array(
    closed({
      vehicleId: opaqueId,
      from: nullable(isoTime),
      to: nullable(isoTime),
    }),
    { description: 'Which vehicle it was on, oldest first; null: open' },
  ),
});
export type DeviceView = Static<typeof device>;
export const devicePage = pageOf(device);
export const deviceQuery = closed({
  vehicleId: Type.Optional(opaqueId),
  imei: Type.Optional(Type.String({ maxLength: 32 })),
  ...paging,
});

export const newAssignment = closed({ vehicleId: opaqueId, from: Type.Optional(timeField) });

export const deviceLogin = closed({
  imei: Type.String({ minLength: 1, maxLength: 64 }),
  secret: Type.String({ minLength: 1, maxLength: 256 }),
});
export const deviceToken = closed({ token: Type.String(), expiresAt: isoTime, serverTime: isoTime });
export type DeviceToken = Static<typeof deviceToken>;

const enrolment = closed({
  vehicle: newVehicle,
  device: closed({ imei, from: Type.Optional(from), kind: Type.Optional(oneOf(deviceKinds)) }),
});
/** Many vehicles with one new device each, for the first filling of a fleet. */
export const enrolments = closed({ items: Type.Array(enrolment, { minItems: 1, maxItems: apiLimits.enrolmentsMax }) });
export type EnrolmentsBody = Static<typeof enrolments>;

/** One answer for each item, in the order of the request. */
export const enrolmentResults = closed({ items: Type.Array(closed({ vehicleId: opaqueId, deviceId: opaqueId, secret })) });
export type EnrolmentResults = Static<typeof enrolmentResults>;

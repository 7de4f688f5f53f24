import Type, { type Static } from 'typebox';
import { connectionStatuses, statusReasons } from '../status.ts';
import { warningCodes, warningSeverities } from '../warnings.ts';
import { closed, isoTime, nullable, oneOf, opaqueId, pageOf, paging, timeParameter } from './shared.ts';
import { position, vehicleFilters } from './vehicle.ts';

/** Media type of a map frame with the ids of its vehicles before it. docs/formats/map-frame.md */
export const mapFrameType = 'application/vnd.milepost.map-frame';

const { customer, group, status, bbox } = vehicleFilters;

export const fleetQuery = closed({
  at: timeParameter,
  customer,
  group,
  status,
  bbox,
  ...paging,
  format: Type.Optional(oneOf(['json', 'frame'], { description: 'Or by the Accept header. A frame holds all vehicles at once' })),
});
export type FleetQueryParameters = Static<typeof fleetQuery>;

/** A vehicle as it was known at a moment. */
export const fleetVehicle = closed({
  id: opaqueId,
  plate: nullable(Type.String()),
  vin: Type.String(),
  status: oneOf(connectionStatuses),
  statusSince: nullable(isoTime),
  statusReason: oneOf(statusReasons),
  position: nullable(position),
  speedKmh: nullable(Type.Number({ minimum: -150, maximum: 450 })),
  energyPercent: nullable(Type.Number({ minimum: 0, maximum: 100 })),
  isCharging: nullable(Type.Boolean()),
  ignition: nullable(Type.String({ description: 'State of the low-voltage system' })),
  severity: oneOf(warningSeverities, { description: 'Of the worst warning' }),
  warnings: Type.Array(oneOf(warningCodes), { description: 'Codes of the warnings that were active' }),
});
export type FleetVehicle = Static<typeof fleetVehicle>;

/** Where an answer comes from, and how complete it is. */
const origin = {
  at: isoTime,
  source: oneOf(['keyframes', 'chunks'], { description: 'From chunks alone an answer takes longer' }),
  keyframe: nullable(isoTime),
  completeTo: isoTime,
};

export const fleetPage = closed({ ...origin, ...pageOf(fleetVehicle).properties });
export type FleetPage = Static<typeof fleetPage>;

const ageMs = Type.Integer({ minimum: 0, maximum: 9_000_000_000_000 });
const handle = Type.Integer({ minimum: 1, maximum: 4_294_967_295 });

/** What stands before a map frame and what the frame has no room for; item i of each list is the vehicle of handle i + 1. */
export const fleetRoster = closed({
  ...origin,
  vehicles: Type.Array(opaqueId),
  positionAgesMs: Type.Array(nullable(ageMs), { description: 'How long before `at` it was where the frame says' }),
  statusAgesMs: Type.Array(nullable(ageMs), { description: 'How long before `at` its status began' }),
  warnings: Type.Array(Type.Integer({ minimum: 0, maximum: 4_294_967_295 }), {
    description: 'Its warnings, a bit for each code as `warningKinds` numbers them',
  }),
  goodbyes: Type.Array(handle, { description: 'Handles of those that were offline because they had signed off' }),
});
export type FleetRoster = Static<typeof fleetRoster>;

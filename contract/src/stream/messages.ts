import Type, { type Static } from 'typebox';
import { latestValue } from '../api/vehicle.ts';
import { statusChange } from '../api/history.ts';
import { warningEntry } from '../api/warnings.ts';
import { closed, isoTime, oneOf, opaqueId } from '../api/shared.ts';

/** Named limits of the browser stream. */
export const streamLimits = {
  /** Vehicles one viewer can watch in detail at a time. */
  watchedVehiclesMax: 16,
  /** Longest message a browser may send, in bytes. */
  messageBytesMax: 4096,
  /** Shortest time between two messages about one vehicle. */
  vehicleIntervalMs: 250,
  mapIntervalMs: 1000,
} as const;

/** What a browser says on `/v1/stream`. */
export const streamRequest = Type.Union([
  closed({ subscribe: Type.Literal('map') }),
  closed({ subscribe: Type.Literal('vehicle'), id: opaqueId }),
  closed({ unsubscribe: Type.Literal('map') }),
  closed({ unsubscribe: Type.Literal('vehicle'), id: opaqueId }),
]);
export type StreamRequest = Static<typeof streamRequest>;

/** Which vehicle a handle of the map frames stands for. The first one after `subscribe: map` is complete, later ones add. */
export const rosterMessage = closed({
  type: Type.Literal('roster'),
  isComplete: Type.Boolean({ description: 'Forget what was known before' }),
  vehicles: Type.Array(Type.Tuple([Type.Integer({ minimum: 1, maximum: 4_294_967_295 }), opaqueId]), {
    description: '[handle, id]',
  }),
});
/** Latest values of a watched vehicle: all after `subscribe`, then what changed; all again when one is no longer shown. */
export const vehicleMessage = closed({
  type: Type.Literal('vehicle'),
  id: opaqueId,
  isComplete: Type.Boolean(),
  lastSeen: Type.Union([isoTime, Type.Null()]),
  isPrivate: Type.Boolean({ description: 'Private is on: nobody but the driver sees where it is' }),
  latest: Type.Record(Type.String(), latestValue),
});
export const statusMessage = closed({
  type: Type.Literal('status'),
  changes: Type.Array(statusChange, { description: 'Oldest first' }),
  more: Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'Further changes in the same moment: ask /v1/status' }),
});
/** What happened to a warning. Raised and grown (more wheels, more codes) ring; returned goes on where it had ended a short while ago. */
export const warningChanges = ['raised', 'grown', 'returned', 'ended'] as const;
export type WarningChange = (typeof warningChanges)[number];
export const warningMessage = closed({
  type: Type.Literal('warning'),
  changes: Type.Array(closed({ change: oneOf(warningChanges), warning: warningEntry }), { description: 'Oldest first' }),
  more: Type.Integer({
    minimum: 0,
    maximum: 2_147_483_647,
    description: 'Further changes, or that somebody has looked at them: ask /v1/warnings/counts',
  }),
});
export const streamProblem = closed({ type: Type.Literal('problem'), code: Type.String(), detail: Type.String() });

/** What the server says in text; binary messages are map frames. */
export const streamMessage = Type.Union([rosterMessage, vehicleMessage, statusMessage, warningMessage, streamProblem]);
export type StreamMessage = Static<typeof streamMessage>;
export type RosterMessage = Static<typeof rosterMessage>;
export type VehicleMessage = Static<typeof vehicleMessage>;
export type StatusMessage = Static<typeof statusMessage>;
export type WarningMessage = Static<typeof warningMessage>;

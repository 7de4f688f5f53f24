import Type, { type Static } from 'typebox';
import { latestValue } from '../api/vehicle.ts';
import { statusChange } from '../api/history.ts';
import { closed, isoTime, opaqueId } from '../api/shared.ts';

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
/** Latest values of a watched vehicle: all after `subscribe`, then what changed. */
export const vehicleMessage = closed({
  type: Type.Literal('vehicle'),
  id: opaqueId,
  isComplete: Type.Boolean(),
  lastSeen: Type.Union([isoTime, Type.Null()]),
  latest: Type.Record(Type.String(), latestValue),
});
export const statusMessage = closed({
  type: Type.Literal('status'),
  changes: Type.Array(statusChange, { description: 'Oldest first' }),
  more: Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'Further changes in the same moment: ask /v1/status' }),
});
export const streamProblem = closed({ type: Type.Literal('problem'), code: Type.String(), detail: Type.String() });

/** What the server says in text; binary messages are map frames. */
export const streamMessage = Type.Union([rosterMessage, vehicleMessage, statusMessage, streamProblem]);
export type StreamMessage = Static<typeof streamMessage>;
export type RosterMessage = Static<typeof rosterMessage>;
export type VehicleMessage = Static<typeof vehicleMessage>;
export type StatusMessage = Static<typeof statusMessage>;

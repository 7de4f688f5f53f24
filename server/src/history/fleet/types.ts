import type { ConnectionStatus, StatusReason } from '@milepost/contract';

export interface FleetQuery {
  /** Vehicles that are asked for; those that the reader may not see at the moment are left out. */
  readonly vehicleNos: Iterable<number>;
  /** ms, not after now. */
  readonly atMs: number;
  /** Which of several devices' values of a signal counts: the lowest. */
  readonly rankOf: (signalNumber: number, deviceNo: number) => number;
}

/** A value as it was known, stored number or text. */
export interface FleetValue {
  readonly stored: number | string;
  /** Sample time, ms. */
  readonly time: number;
  readonly deviceNo: number;
}

export interface FleetStatus {
  readonly status: ConnectionStatus;
  readonly since: number | null;
  readonly reason: StatusReason;
}

/** What was known of many vehicles at one moment, as far as its reader may see it. */
export interface FleetMoment {
  readonly atMs: number;
  /** Ascending: those of the query of which the reader may see this moment. */
  readonly vehicleNos: Int32Array;
  /** Signals of which any vehicle has a value. */
  readonly signals: readonly number[];
  /** Moment of the oldest keyframe that was begun with; null: (some of) it comes from chunks alone. */
  readonly keyframeMs: number | null;
  /** receivedAt (ms) up to which every acknowledged report is contained. */
  readonly completeTo: number;
  /** `place` is the index in `vehicleNos`. */
  value(place: number, signalNumber: number): FleetValue | undefined;
  status(place: number): FleetStatus;
}

import type { ConnectionStatus, StatusReason } from '@milepost/contract';
import type { ReadScope, RecordBatch } from '../events/index.ts';
import type { StatusChange } from '../history/index.ts';

export interface LatestValue {
  readonly signalNumber: number;
  /** Stored integer or text. */
  readonly stored: number | string;
  /** Sample time, ms. */
  readonly time: number;
  readonly receivedAt: number;
  readonly deviceNo: number;
}

export interface VehicleStatus {
  readonly status: ConnectionStatus;
  /** ms since when it has this status; null: never seen. */
  readonly since: number | null;
  readonly reason: StatusReason;
  /** receivedAt of the last report or heartbeat; null: never. */
  readonly lastSeen: number | null;
}

export interface StatusTimeouts {
  readonly lateAfterMs: number;
  readonly offlineAfterMs: number;
}

/** What a map shows of one vehicle. */
export interface MapVehicle {
  readonly vehicleNo: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly headingDegrees: number | null;
  readonly speedKmh: number | null;
  readonly energyPercent: number | null;
  readonly status: ConnectionStatus;
  readonly hasWarning: boolean;
}

/** A change that viewers of one vehicle, or alerts, want to hear of. */
export interface LiveListener {
  /** Called synchronously after a record changed at least one latest value or the last-seen time. */
  vehicleChanged?(vehicleNo: number, receivedAt: number): void;
  statusChanged?(change: StatusChange): void;
}

/** Latest state and connection status of every vehicle: a read model of the log. */
export interface Live {
  apply(batch: RecordBatch): void;
  /** Moves the status timers to now (called by a ticker, at least each 250 ms); returns how many transitions happened. */
  tick(nowMs: number): number;
  /** Transitions since the last call, in order: history takes them in the same turn. */
  takeStatusChanges(): readonly StatusChange[];
  latest(scope: ReadScope, vehicleNo: number): readonly LatestValue[];
  /** One stored value, for filters, sorting and conflict checks. Not scoped: inside the server only, never shown as it is. */
  peek(vehicleNo: number, signalNumber: number): LatestValue | undefined;
  status(scope: ReadScope, vehicleNo: number): VehicleStatus;
  mapVehicle(scope: ReadScope, vehicleNo: number): MapVehicle | undefined;
  /** Numbers of the warnings that are active: fault codes, error flags, low tires. Derived from the latest values. */
  warnings(scope: ReadScope, vehicleNo: number): readonly number[];
  listen(listener: LiveListener): () => void;
  counts(scope: ReadScope): Readonly<Record<ConnectionStatus, number>>;
  /** Writes the whole state as of the last applied record, named by its offset; old ones are removed (three are kept). */
  saveSnapshot(partition: number, offset: number): Promise<void>;
  /** Loads the newest snapshot at or below an offset; answers where to go on following, undefined: none. */
  loadSnapshot(partition: number, atMost: number): Promise<number | undefined>;
  statistics(): { readonly vehicles: number; readonly values: number; readonly bytes: number };
}

import type {
  ConnectionStatus,
  SilenceReason,
  StatusReason,
  VehicleWarning,
  WarningCode,
  WarningDetail,
  WarningSeverity,
} from '@milepost/contract';
import type { LogPosition } from '../eventlog/index.ts';
import type { ReadScope, RecordBatch, SignalPrecision } from '../events/index.ts';
import type { StatusChange } from '../history/index.ts';
import type { Vehicle } from '../registry/index.ts';

export interface LatestValue {
  readonly signalNumber: number;
  /** Stored integer or text. */
  readonly stored: number | string;
  /** Sample time, ms. */
  readonly time: number;
  readonly receivedAt: number;
  readonly deviceNo: number;
}

/** A latest value as a reader is told it. */
export interface ToldValue {
  readonly signalNumber: number;
  /** Stored integer or text; of a threshold 1 (above) or 0. */
  readonly stored: number | string;
  /** Sample time, ms. */
  readonly timeMs: number;
  readonly precision: SignalPrecision;
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
  /** Severity of the worst active warning. */
  readonly severity: WarningSeverity | 'none';
}

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
  /** Sample time, ms. */
  readonly time: number;
}

/** What a list shows of one vehicle. */
export interface VehicleListItem {
  readonly vehicle: Vehicle;
  readonly status: VehicleStatus;
  readonly position: Position | null;
  readonly warnings: readonly VehicleWarning[];
  readonly energyPercent: number | null;
  readonly rangeM: number | null;
}

/** Ascending; with a minus before it descending. Vehicles that lack the value come last either way. */
export const vehicleSorts = ['name', 'status', 'lastSeen', 'energy', 'range', 'customer', 'silence'] as const;
export type VehicleSort = (typeof vehicleSorts)[number];

export interface VehicleFilters {
  /** Words that VIN, plate, customer or model contain, all of them. */
  readonly q?: string | undefined;
  readonly status?: ConnectionStatus | undefined;
  readonly reason?: SilenceReason | undefined;
  /** Opaque id of a customer. */
  readonly customerId?: string | undefined;
  readonly group?: string | undefined;
  readonly hasGroup?: boolean | undefined;
  /** `west,south,east,north` in degrees; west > east crosses the antimeridian. */
  readonly bbox?: string | undefined;
  /** true: any warning; false: none; a code: that one. */
  readonly warning?: boolean | WarningCode | undefined;
  /** Percent, exclusive. */
  readonly energyBelow?: number | undefined;
}

export interface VehicleListQuery extends VehicleFilters {
  /** One of `vehicleSorts`, with `-` before it for descending. Default: name. */
  readonly sort?: string | undefined;
  readonly cursor?: string | undefined;
  /** 1 … `listLimitMax`; default 50. */
  readonly limit?: number | undefined;
}

export interface VehicleList {
  readonly items: readonly VehicleListItem[];
  readonly next: string | null;
}

export interface FleetCounts {
  readonly total: number;
  readonly byStatus: Readonly<Record<ConnectionStatus, number>>;
  /** Why those that are late or offline are so. */
  readonly byReason: Readonly<Record<SilenceReason, number>>;
  /** Vehicles with a warning (not mere information), or offline without a goodbye. */
  readonly needAttention: number;
}

export type VehicleGrouping = 'customer' | 'group';
/** Counts of the vehicles of one customer, of one group, or (null) of no group. */
export interface PartCounts extends FleetCounts {
  readonly name: string | null;
}

/** Writes frames for one audience; keep one per stream. */
export interface MapSource {
  /** All vehicles of the audience. */
  full(): MapDelivery;
  /** What changed after a tick (as a frame before was numbered). `also`: vehicles that the scope shows otherwise since. */
  delta(sinceTick: number, also?: readonly number[]): MapDelivery;
  vehicleNoOf(handle: number): number | undefined;
  handleOf(vehicleNo: number): number;
}

/** What a frame shows of a vehicle that is counted. */
export interface MapTold {
  readonly vehicleNo: number;
  readonly position: object | null;
  readonly speedKmh: number | null;
  readonly energyPercent: number | null;
}

export interface MapDelivery {
  readonly tick: number;
  /** Vehicles in the frame, the removed ones counted. */
  readonly count: number;
  readonly frame: Uint8Array<ArrayBuffer>;
  /** Vehicles that got their handle with this frame: their viewers must learn who they are. */
  readonly introduced: readonly { readonly handle: number; readonly vehicleNo: number }[];
  /** Those of its vehicles that are counted. */
  readonly told: readonly MapTold[];
}

/** A change that viewers of one vehicle, or alerts, want to hear of. */
export interface LiveListener {
  /** Called synchronously after a record changed at least one latest value or the last-seen time. */
  vehicleChanged?(vehicleNo: number, receivedAt: number): void;
  statusChanged?(change: StatusChange): void;
  /** A value that a rule looks at has changed: warnings may have come, gone, or say something else. Often nothing did. */
  warningsChanged?(vehicleNo: number): void;
}

/** A warning with the time of what it was seen by. */
export interface ActiveWarning {
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly detail: WarningDetail;
  /** Newest sample time of the values that led to it, ms. */
  readonly timeMs: number;
}

/** Latest state and connection status of every vehicle: a read model of the log. */
export interface Live {
  apply(batch: RecordBatch): void;
  /** Forgets latest values whose sample time lies in the period (`toMs` exclusive). The connection status stays. */
  erase(vehicleNo: number, fromMs: number, toMs: number): void;
  /** Forgets latest values that are older than their signal is kept. The connection status stays. */
  eraseOlder(vehicleNo: number, keptFromMs: (signalNumber: number) => number): void;
  /** Numbers of the vehicles that were ever heard, or of which something was imported; also those that the directory does not know. */
  knownVehicles(): Iterable<number>;
  /** Largest device number of a latest value; 0: none. */
  deviceNoMax(): number;
  /** Moves the status timers to now (called by a ticker, at least each 250 ms); returns how many transitions happened. */
  tick(nowMs: number): number;
  /** Transitions since the last call, in order: history takes them in the same turn. */
  takeStatusChanges(): readonly StatusChange[];
  /** In the units of their signals: what is told only as above a threshold or not is left out. */
  latest(scope: ReadScope, vehicleNo: number): readonly LatestValue[];
  /** Each as finely as the scope tells it. What it tells of periods, and not of each report, history has. */
  told(scope: ReadScope, vehicleNo: number): readonly ToldValue[];
  /** One stored value, for filters, sorting and conflict checks. Not scoped: inside the server only, never shown as it is. */
  peek(vehicleNo: number, signalNumber: number): LatestValue | undefined;
  status(scope: ReadScope, vehicleNo: number): VehicleStatus;
  mapVehicle(scope: ReadScope, vehicleNo: number): MapVehicle | undefined;
  /** Not scoped: inside the server only. Nothing of a vehicle that has ended or that the directory does not know. */
  activeWarnings(vehicleNo: number): readonly ActiveWarning[];
  /** Newest sample time (ms) of the values that the rule of a code looks at; undefined: there are none. */
  warningLookedAt(vehicleNo: number, code: WarningCode): number | undefined;
  /** Active warnings, derived from the latest values, the worst first. */
  warnings(scope: ReadScope, vehicleNo: number): readonly VehicleWarning[];
  listVehicles(scope: ReadScope, query: VehicleListQuery): VehicleList;
  /** All that pass the filters, in their order as of now; each is read when it is taken. */
  eachVehicle(scope: ReadScope, query: VehicleFilters & Pick<VehicleListQuery, 'sort'>): Iterable<VehicleListItem>;
  /** Of those that pass the filters. */
  fleetCounts(scope: ReadScope, filters?: VehicleFilters): FleetCounts;
  /** The same apart by customer or group, in order of name; a vehicle counts in each of its groups. */
  countParts(scope: ReadScope, by: VehicleGrouping, filters?: VehicleFilters): readonly PartCounts[];
  /** Ends the current map tick (once a second) and answers its number. */
  closeMapTick(): number;
  /** A source of map frames for one audience. Frames are numbered by the tick closed last. */
  /** `isCounted`: vehicles that frames name in `told`; none unless given. */
  mapSource(scope: ReadScope, isCounted?: (vehicleNo: number) => boolean): MapSource;
  listen(listener: LiveListener): () => void;
  counts(scope: ReadScope): Readonly<Record<ConnectionStatus, number>>;
  /** Writes the whole state as of the last applied records, which `positions` name; old ones are removed (three are kept). */
  saveSnapshot(positions: readonly LogPosition[]): Promise<void>;
  /**
   * Loads what the newest snapshots at or below these positions say of the vehicles of each partition. Answers where to go on following;
   * partitions of which there is none are left out.
   */
  loadSnapshot(atMost: readonly LogPosition[]): Promise<readonly LogPosition[]>;
  /** Where records of partitions begin of which no snapshot was found; only before the first record. */
  startAt(positions: readonly LogPosition[]): void;
  statistics(): LiveStatistics;
  /** Resolves when a snapshot that is being saved is there. */
  close(): Promise<void>;
}

export interface LiveStatistics {
  readonly vehicles: number;
  readonly values: number;
  /** Of the tables; texts and the search index come on top. */
  readonly bytes: number;
  readonly timers: number;
  /** Records that could not be decoded and were passed over. */
  readonly unreadableRecords: number;
  readonly isSaving: boolean;
}

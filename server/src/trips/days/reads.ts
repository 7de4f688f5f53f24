import type { FigureSource, HarshKind } from '@milepost/contract/api';
import type { ReadScope } from '../../events/index.ts';
import type { Charging, Stop, Trip } from '../types.ts';

/** ms; `toMs` exclusive. Things that last count by when they began. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Activities of one vehicle, newest first. */
export interface ActivityQuery extends Period {
  readonly vehicleNo: number;
  /** Of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface ActivityPage<T> {
  readonly items: readonly T[];
  /** null: this was the last. A page may end early where many days had to be worked out. */
  readonly next: string | null;
  /** receivedAt (ms) up to which every acknowledged report is contained. */
  readonly completeTo: number;
}

/** A trip as a reader may see it. */
export interface SeenTrip extends Trip {
  /** Where it went is hidden from the reader; how far is not. */
  readonly isPrivate: boolean;
  /** How fast and how harshly it was driven is told: else no harsh event says nothing. */
  readonly isMotionSeen: boolean;
}

export interface VehicleTrip {
  readonly vehicleNo: number;
  readonly trip: SeenTrip;
}

export interface SummaryQuery extends Period {
  readonly vehicleNos: readonly number[];
  /** IANA name: days begin by it; UTC when not given. `fromMs` and `toMs` cut the first and the last, to the quarter of an hour. */
  readonly timeZone?: string | undefined;
  /** Days that were derived so long ago, ms, may be shown as they are: `completeTo` tells. Not given: all that is known is contained. */
  readonly acceptAgeMs?: number | undefined;
}

/**
 * What reports sum: one vehicle and one day of the time zone asked for. A day on which nothing is known is left out. null: not known, or
 * not allowed to be seen by the scope.
 */
export interface DaySummary {
  readonly vehicleNo: number;
  /** `YYYY-MM-DD` in the time zone asked for. */
  readonly day: string;
  /** Its start, ms. */
  readonly dayMs: number;
  readonly distanceM: number | null;
  /** Trips that began on the day. */
  readonly trips: number | null;
  readonly drivingMs: number | null;
  readonly idleMs: number | null;
  readonly topSpeedKmh: number | null;
  readonly energyKwh: number | null;
  readonly energySource: FigureSource | null;
  readonly harshEvents: Readonly<Record<HarshKind, number>> | null;
  /** Charging sessions that began on the day. */
  readonly charging: number | null;
  readonly chargedKwh: number | null;
  /** Mileage at the end of the day. */
  readonly odometerM: number | null;
  /** receivedAt (ms) up to which reports of the vehicle are contained. */
  readonly completeTo: number;
}

export interface MileageDayFigures {
  readonly day: string;
  readonly dayMs: number;
  readonly distanceM: number | null;
  readonly trips: number | null;
  readonly drivingMs: number | null;
  readonly idleMs: number | null;
  readonly energyKwh: number | null;
  readonly rangeAtFullM: number | null;
  readonly rangeSource: FigureSource | null;
}

export interface MileageQuery extends Period {
  readonly vehicleNo: number;
  readonly timeZone?: string | undefined;
}

export interface MileageFigures {
  readonly totalM: number | null;
  readonly totalAtMs: number | null;
  readonly todayM: number | null;
  /** Over `averageOverDays`; null: a day, or none, is known. */
  readonly averageDayM: number | null;
  readonly averageOverDays: number;
  readonly kwhPer100Km: number | null;
  readonly energySource: FigureSource | null;
  readonly packKwh: number | null;
  readonly days: readonly MileageDayFigures[];
  readonly completeTo: number;
}

/** Cold pressure of a UTC day, by wheel. */
export interface TireDay {
  readonly dayMs: number;
  readonly coldTireKpa: readonly (number | null)[];
}

export interface TireDays {
  /** Ascending. */
  readonly days: readonly TireDay[];
  readonly completeTo: number;
}

/**
 * What is derived of vehicles and days, for readers: stored, and worked out anew where samples have come since. Everything takes a
 * ReadScope: a vehicle that it does not allow is `not_found`; a list of what it does not allow is `forbidden`; a figure that it does not
 * allow is null; what is not wholly in its periods is left out.
 */
export interface Trips {
  listTrips(scope: ReadScope, query: ActivityQuery): Promise<ActivityPage<SeenTrip>>;
  listStops(scope: ReadScope, query: ActivityQuery): Promise<ActivityPage<Stop>>;
  listCharging(scope: ReadScope, query: ActivityQuery): Promise<ActivityPage<Charging>>;
  /** The trip that has a moment, or began soonest after it; undefined: there is none. */
  tripAt(scope: ReadScope, vehicleNo: number, atMs: number): Promise<SeenTrip | undefined>;
  mileage(scope: ReadScope, query: MileageQuery): Promise<MileageFigures>;
  tireDays(scope: ReadScope, query: Period & { readonly vehicleNo: number }): Promise<TireDays>;
  /** Days of many vehicles, vehicle by vehicle in the order asked for, days ascending; vehicles that the scope does not allow are left out. */
  summaries(scope: ReadScope, query: SummaryQuery): AsyncIterable<DaySummary>;
  /** Trips of many vehicles, in the same order: what reports by driver are made of. */
  trips(scope: ReadScope, query: Period & { readonly vehicleNos: readonly number[] }): AsyncIterable<VehicleTrip>;
}

import type { FigureSource, HarshKind } from '@milepost/contract/api';

/** Samples of one vehicle as columns, ascending in time. NaN: not in that sample. Units of the vocabulary. */
export interface TripSamples {
  readonly times: Float64Array;
  readonly latitude: Float64Array;
  readonly longitude: Float64Array;
  readonly speedKmh: Float64Array;
  /** `Vehicle.TraveledDistance`, m. */
  readonly odometerM: Float64Array;
  /** `…StateOfCharge.Displayed`, percent. */
  readonly energyPercent: Float64Array;
  /** `…StateOfCharge.CurrentEnergy`, kWh. */
  readonly energyKwh: Float64Array;
  readonly rangeM: Float64Array;
  readonly rangeAtFullM: Float64Array;
  /** 1, 0 or NaN. */
  readonly isCharging: Float64Array;
  readonly chargingPowerKw: Float64Array;
  /** Index into the values of `Vehicle.LowVoltageSystemState`. */
  readonly ignition: Float64Array;
  /** `Vehicle.Acceleration.Longitudinal` and `.Lateral`, m/s². */
  readonly longitudinal: Float64Array;
  readonly lateral: Float64Array;
  readonly headingDegrees: Float64Array;
  /** By wheel. */
  readonly tireKpa: readonly Float64Array[];
  readonly tireCelsius: readonly Float64Array[];
}

/** Reads samples of one vehicle by sample time; `toMs` exclusive. */
export type ReadSamples = (fromMs: number, toMs: number) => Promise<TripSamples>;

/** What is known of a vehicle besides its samples. */
export interface VehicleFacts {
  /** Usable battery, kWh; null: unknown, so what needs it is null. */
  readonly packKwh: number | null;
}

export interface PlaceAt {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly distanceM: number | null;
}

export interface HarshEvent {
  readonly kind: HarshKind;
  readonly atMs: number;
  readonly metersPerSecond2: number;
  readonly position: PlaceAt | null;
  readonly source: FigureSource;
}

export interface Trip {
  readonly fromMs: number;
  readonly toMs: number;
  /** Samples end before it can be said that it ended. */
  readonly isOpen: boolean;
  readonly start: PlaceAt | null;
  readonly end: PlaceAt | null;
  readonly distanceM: number;
  readonly distanceSource: 'odometer' | 'positions' | 'speed';
  readonly idleMs: number;
  readonly topSpeedKmh: number | null;
  readonly energyKwh: number | null;
  readonly energySource: FigureSource | null;
  readonly fromPercent: number | null;
  readonly toPercent: number | null;
  readonly gaps: readonly Gap[];
  readonly harshEvents: readonly HarshEvent[];
}

export interface Stop {
  readonly fromMs: number;
  readonly toMs: number;
  /** It goes on as far as is known. */
  readonly isOpen: boolean;
  readonly kind: 'parked' | 'unobserved';
  readonly position: PlaceAt | null;
  readonly idleMs: number;
}

export interface Charging {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOpen: boolean;
  readonly position: PlaceAt | null;
  readonly fromPercent: number | null;
  readonly toPercent: number | null;
  readonly addedKwh: number | null;
  readonly energySource: FigureSource | null;
  readonly peakPowerKw: number | null;
  readonly powerSource: FigureSource | null;
  /** The stop that it is in, as far as it is known: the place is worked out from all of it. */
  readonly stopFromMs: number;
  readonly stopToMs: number;
}

/** Quarters of an hour in a day: every time zone begins its days at one. */
export const quartersPerDay = 96;

/**
 * All that is derived of a vehicle and a day in UTC. What began on the day belongs to it as a whole; what is summed by quarters of an
 * hour is cut at its ends.
 */
export interface VehicleDay {
  readonly dayMs: number;
  readonly trips: readonly Trip[];
  readonly stops: readonly Stop[];
  readonly charging: readonly Charging[];
  /** By quarter of an hour: 96 each, or none where nothing was driven. */
  readonly distanceM: readonly number[];
  readonly drivingMs: readonly number[];
  readonly idleMs: readonly number[];
  readonly energyKwh: readonly number[];
  readonly energySource: FigureSource | null;
  /** Last of the day. */
  readonly odometerM: number | null;
  readonly odometerAtMs: number | null;
  /** Median of the day. */
  readonly rangeAtFullM: number | null;
  readonly rangeSource: FigureSource | null;
  /** Cold pressure at 20 °C by wheel; null: unknown. */
  readonly coldTireKpa: readonly (number | null)[];
  readonly samples: number;
}

/**
 * Derives one day. Pure but for its reads: it reads beyond the day where a trip or a stop goes on, at most `tripMsMax` to either side.
 * The same samples give the same day, whatever was derived before.
 */
export type DeriveDay = (dayMs: number, read: ReadSamples, vehicle: VehicleFacts, nowMs: number) => Promise<VehicleDay>;

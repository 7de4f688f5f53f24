/** What a signal holds. Every kind but `string` and `stringList` is an integer inside. */
export type SignalKind = 'boolean' | 'number' | 'enum' | 'string' | 'stringList';

/** The unit in which an owner gives consent: each signal is in exactly one group. */
export const consentGroups = [
  'identity',
  'position',
  'motion',
  'energy',
  'mileage',
  'tires',
  'weight',
  'warnings',
  'status',
  'body',
  'driving',
] as const;
export type ConsentGroup = (typeof consentGroups)[number];

/**
 * Scope under the EU Data Act (Regulation 2023/2854; guidance on vehicle data of 2025-09-12):
 * raw and pre-processed data fall under the owner's right to share, derived data do not.
 */
export const dataActClasses = ['raw', 'preProcessed', 'derived'] as const;
export type DataActClass = (typeof dataActClasses)[number];

/** What kind of device reports. The order of preference for `live` is given per signal. */
export const deviceKinds = ['vehicle', 'tracker', 'dashcam', 'phone'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** Numbers from here up belong to signals that a user added; below are Milepost's own. */
export const userSignalNumberMin = 32_768;
export const signalNumberMax = 65_535;

/**
 * One row of the vocabulary. A number, once given, keeps its path, kind, unit and `perUnit` for ever,
 * because they are how stored bytes are read.
 */
export interface SignalDefinition {
  /** Stable number, 1 … 65,535; stands for the path in every stored and binary form. */
  readonly number: number;
  /** COVESA VSS 6.0 path, or a path of an overlay. */
  readonly path: string;
  readonly kind: SignalKind;
  /** VSS unit symbol (`km/h`, `kPa`, `m`, `%`); empty for booleans, enums and texts. */
  readonly unit: string;
  /** Stored integer steps in one unit: 100 keeps two decimals. 1 for booleans, enums and texts. */
  readonly perUnit: number;
  /** Bounds in the unit, inclusive; for texts the longest allowed length in UTF-8 bytes of one value is `max`. */
  readonly min: number;
  readonly max: number;
  /** Allowed words of an enum, in the order of their stored index. */
  readonly values?: readonly string[];
  readonly group: ConsentGroup;
  readonly dataActClass: DataActClass;
  /** Short English label; translations are the web's. */
  readonly label: string;
  readonly origin: 'vss' | 'milepost' | 'user';
  /** Which kind of device is believed first for the latest value, when several report the signal. */
  readonly sourcePriority: readonly DeviceKind[];
}

/** A value as the API shows it. */
export type SignalValue = number | boolean | string | readonly string[];

/**
 * A value as it is stored: a scaled integer (|v| ≤ 2^53 − 1), or text. A string list is its canonical JSON text,
 * so equality of stored values is equality of values.
 */
export type StoredValue = number | string;

/** How urgent a warning is, in ascending order. The index is stored in map frames. */
export const warningSeverities = ['none', 'info', 'warning', 'critical'] as const;
export type WarningSeverity = Exclude<(typeof warningSeverities)[number], 'none'>;

interface WarningKind {
  /** Bit in masks of active warnings: never changed, never given again. */
  readonly bit: number;
  readonly severity: WarningSeverity;
  /** English text; `{detail}` stands for what the rule adds (codes, wheels, figures). */
  readonly text: string;
}

/** Every warning that Milepost derives from a vehicle's latest values. Closed: a code is never reused for another meaning. */
export const warningKinds = {
  broken_down: { bit: 0, severity: 'critical', text: 'The vehicle reports that it has broken down' },
  fault_codes: { bit: 1, severity: 'warning', text: 'Fault codes: {detail}' },
  battery_fault_codes: { bit: 2, severity: 'critical', text: 'Battery fault codes: {detail}' },
  abs_fault: { bit: 3, severity: 'warning', text: 'The anti-lock brakes report a fault' },
  stability_fault: { bit: 4, severity: 'warning', text: 'Stability control reports a fault' },
  traction_fault: { bit: 5, severity: 'warning', text: 'Traction control reports a fault' },
  brake_fluid_low: { bit: 6, severity: 'critical', text: 'Brake fluid is low: {detail}' },
  brakes_worn: { bit: 7, severity: 'warning', text: 'Brakes are worn: {detail}' },
  tire_pressure_low: { bit: 8, severity: 'warning', text: 'Tire pressure is low: {detail}' },
  engine_lamp: { bit: 9, severity: 'warning', text: 'The engine lamp is lit' },
  brake_lamp: { bit: 10, severity: 'critical', text: 'The brake lamp is lit' },
  battery_lamp: { bit: 11, severity: 'warning', text: 'The battery lamp is lit' },
  tire_pressure_lamp: { bit: 12, severity: 'warning', text: 'The tire pressure lamp is lit' },
  airbag_lamp: { bit: 13, severity: 'critical', text: 'The airbag lamp is lit' },
  power_reduced_lamp: { bit: 14, severity: 'warning', text: 'The vehicle runs with reduced power' },
  overweight: { bit: 15, severity: 'warning', text: 'Heavier than allowed: {detail}' },
  service_due: { bit: 16, severity: 'info', text: 'Service is due' },
} as const satisfies Record<string, WarningKind>;
export type WarningCode = keyof typeof warningKinds;

export const warningCodes = Object.keys(warningKinds) as readonly WarningCode[];
export const isWarningCode = (text: string): text is WarningCode => Object.hasOwn(warningKinds, text);

/** What a warning is about besides its code, as data: sentences are made of it in the language of who reads. */
export interface WarningDetail {
  /** Indices into `wheels`, ascending. */
  readonly wheels?: readonly number[];
  /** Fault codes as the vehicle tells them. */
  readonly codes?: readonly string[];
  /** How many fault codes there are, when the vehicle does not say which. */
  readonly codeCount?: number;
  readonly weightKg?: number;
  readonly weightMaxKg?: number;
}

/** Most codes of one warning that are told. */
export const warningCodesToldMax = 64;

/** A warning that is active. */
export interface VehicleWarning {
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly detail: WarningDetail;
  /** English, of code and detail. */
  readonly text: string;
  /** Numbers of the signals whose values led to it. */
  readonly signals: readonly number[];
}

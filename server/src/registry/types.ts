import type { ConsentGroup, DeviceKind } from '@milepost/contract';
import type { Drivers } from './drivers/types.ts';
import type { LineProblem } from './line-problem.ts';
import type { Acting, Possessions, TransferHook } from './possession/types.ts';

export type { LineProblem };

/** How long data are kept, in days from the time of the sample. */
export interface RetentionDays {
  /** For every group that is not named; null: the rule above it. */
  readonly days: number | null;
  readonly byGroup: Readonly<Partial<Record<ConsentGroup, number>>>;
}

/** What is left out stays; null removes. */
export interface RetentionDaysChanges {
  readonly days?: number | null | undefined;
  readonly groups?: Readonly<Partial<Record<ConsentGroup, number | null | undefined>>> | undefined;
}

export interface Customer {
  readonly customerNo: number;
  readonly id: string;
  readonly name: string;
  /** Own status timeouts; null: the server's default. */
  readonly lateAfterSeconds: number | null;
  readonly offlineAfterSeconds: number | null;
  /** Undefined: no rule of its own. */
  readonly retention?: RetentionDays | undefined;
}

/** Pressure that the placard in the door asks for, per wheel, in the order of `wheels`. */
export type TirePlacardKpa = readonly [frontLeft: number, frontRight: number, rearLeft: number, rearRight: number];

export interface Vehicle {
  readonly vehicleNo: number;
  readonly id: string;
  readonly vin: string;
  /** The check digit of ISO 3779 fits. Many real VINs (European ones) have none, so false is no error. */
  readonly isVinCheckDigitValid: boolean;
  readonly plate: string | null;
  readonly customerNo: number;
  readonly model: string | null;
  readonly grossWeightKg: number | null;
  /** Usable energy of the battery when it is full, kWh: what a model takes where the vehicle does not say it. */
  readonly batteryKwh: number | null;
  readonly tirePlacardKpa: TirePlacardKpa | null;
  readonly groups: readonly string[];
  /** Where its data come from when they are not a real vehicle's: shown on screen. */
  readonly note: string | null;
  /** Undefined: no rule of its own. */
  readonly retention?: RetentionDays | undefined;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

export interface Assignment {
  readonly vehicleNo: number;
  /** ms; −Infinity for a first assignment without a start. */
  readonly fromMs: number;
  /** ms, exclusive; Infinity: still. */
  readonly toMs: number;
}

/** What a device may log in with. */
export interface DeviceCredentials {
  /** Grows with each change of them: tokens of a smaller one are refused, sockets are cut. */
  readonly version: number;
  /** When its present secret was made; null: it has none yet. */
  readonly secretIssuedAt: number | null;
  /** When it last fetched a secret in an enrolment window. */
  readonly secretFetchedAt: number | null;
  /** Until then it may fetch its secret, once; null: no window was opened, or it was used or closed. */
  readonly enrolmentUntil: number | null;
  /** SHA-256, 64 small hexadecimal digits, of the one certificate that counts; null: any that the CA has signed for its IMEI. */
  readonly certificateSha256: string | null;
}

export interface Device {
  readonly deviceNo: number;
  readonly id: string;
  readonly imei: string;
  readonly isImeiCheckDigitValid: boolean;
  readonly kind: DeviceKind;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly lateAfterSeconds: number | null;
  readonly offlineAfterSeconds: number | null;
  /** Ascending, not overlapping. */
  readonly assignments: readonly Assignment[];
  readonly credentials: DeviceCredentials;
}

/** In memory, complete, kept up to date: what hot paths look things up in. */
export interface Directory {
  vehicleByNo(vehicleNo: number): Vehicle | undefined;
  vehicleById(id: string): Vehicle | undefined;
  customerByNo(customerNo: number): Customer | undefined;
  deviceByNo(deviceNo: number): Device | undefined;
  deviceById(id: string): Device | undefined;
  /** The one in use; when there is none, one that was revoked. */
  deviceByImei(imei: string): Device | undefined;
  /** All of them, the revoked ones, too. */
  devices(): Iterable<Device>;
  /** Devices that are or were on the vehicle. */
  devicesOfVehicle(vehicleNo: number): readonly Device[];
  /** Devices that are on the vehicle now. */
  devicesOnVehicle(vehicleNo: number): readonly Device[];
  vehicles(): Iterable<Vehicle>;
  vehicleCount(): number;
  customers(): Iterable<Customer>;
  /** Highest vehicleNo given so far. */
  vehicleNoMax(): number;
  /** Grows with every change. */
  version(): number;
  onChange(callback: (change: DirectoryChange) => void): () => void;
}

export type DirectoryChange =
  | { readonly kind: 'customer'; readonly customer: Customer }
  | { readonly kind: 'vehicle'; readonly vehicle: Vehicle }
  /** `previous`: as it was known before; undefined for one that is new. */
  | { readonly kind: 'device'; readonly device: Device; readonly previous?: Device | undefined };

export interface NewVehicle {
  readonly vin: string;
  readonly plate?: string | undefined;
  /** Name or id; a name that is not there is made. */
  readonly customer: string;
  readonly model?: string | undefined;
  readonly grossWeightKg?: number | undefined;
  readonly batteryKwh?: number | undefined;
  readonly tirePlacardKpa?: TirePlacardKpa | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly note?: string | undefined;
}

export type VehicleChanges = { readonly [K in keyof Omit<NewVehicle, 'vin'>]?: NewVehicle[K] | null };

export interface NewDevice {
  readonly imei: string;
  readonly vehicleId: string;
  /** ms; undefined: a first assignment reaches back without limit. */
  readonly fromMs?: number | undefined;
  readonly kind?: DeviceKind | undefined;
}

/** A vehicle and the device on it, of many. */
export interface EnrolRow {
  readonly vehicle: NewVehicle;
  readonly device: Omit<NewDevice, 'vehicleId'>;
}

export interface EnrolledRow {
  readonly vehicleId: string;
  readonly deviceId: string;
  readonly secret: string;
}

/** A vehicle and its device, as a line of a file gives them: nothing is checked yet. */
export interface EnrolLine {
  readonly line: number;
  readonly vehicle: { readonly [K in keyof NewVehicle]?: unknown };
  readonly device: { readonly [K in keyof Omit<NewDevice, 'vehicleId'>]?: unknown };
  /** What was wrong already when it was read. */
  readonly problems: readonly LineProblem[];
}

export interface EnrolLinesOptions {
  /** Decides everything, stores nothing. */
  readonly isDryRun: boolean;
  /** Instead of secrets: windows up to this moment for devices without one. */
  readonly windowUntilMs?: number | undefined;
  /** Neither: these devices have certificates. */
  readonly isWithoutSecrets?: boolean;
}

/** What became of a line. `made`: its device is new. `found`: it was there. `wrong`: nothing of it was stored. */
export interface LineOutcome {
  readonly line: number;
  readonly outcome: 'made' | 'found' | 'wrong';
  readonly imei: string | null;
  /** null: wrong, or to be made by what is only a dry run. */
  readonly vehicleId: string | null;
  readonly deviceId: string | null;
  readonly secret?: string;
  readonly windowUntilMs?: number;
  /** Given values that are not what is stored: they were not changed. */
  readonly differs: readonly string[];
  readonly problems: readonly LineProblem[];
}

/** A device with its new secret, which nothing shows again. */
export interface NewSecret {
  readonly device: Device;
  readonly secret: string;
}

export const credentialEventNames = [
  'secret_renewed',
  'secret_fetched',
  'window_opened',
  'window_closed',
  'certificate_pinned',
  'certificate_unpinned',
] as const;
export type CredentialEventName = (typeof credentialEventNames)[number];

/** One change of what a device may log in with, or of its enrolment window. */
export interface CredentialEvent {
  /** Ascends with time, over all devices. */
  readonly eventNo: number;
  readonly at: number;
  readonly event: CredentialEventName;
  readonly actor: 'operator' | 'device';
  /** Of a fetch the address it came from, of a window its end (ISO 8601), of a certificate its SHA-256; else empty. */
  readonly detail: string;
}

/** What devices log in with. docs/enrolment.md. Throws `not_found`, and `invalid_field` for a device that was revoked. */
export interface Credentials {
  /** The secret before and every token end with it, an open enrolment window, too. */
  renewSecret(id: string): Promise<NewSecret>;
  /** Once in each window; undefined: no window is open for the IMEI. `address` is kept with the event. */
  fetchSecret(imei: string, address: string): Promise<NewSecret | undefined>;
  openWindow(id: string, untilMs: number): Promise<Device>;
  /** Windows for the devices that are there; answers the IMEIs, normalised, for which there is none. */
  openWindows(
    imeis: readonly string[],
    untilMs: number,
  ): Promise<{ readonly opened: readonly Device[]; readonly unknown: readonly string[] }>;
  closeWindow(id: string): Promise<Device>;
  /** Only this certificate counts from now on. @param sha256 64 small hexadecimal digits */
  pinCertificate(id: string, sha256: string): Promise<Device>;
  unpinCertificate(id: string): Promise<Device>;
  /** Newest first, those before `beforeNo`. */
  events(
    id: string,
    page: { readonly beforeNo?: number | undefined; readonly limit: number },
  ): Promise<readonly CredentialEvent[]>;
}

/** Who exists and what belongs together. PostgreSQL is the truth; `directory` follows it. Throws CallerError with closed codes. */
export interface Registry {
  readonly directory: Directory;
  readonly credentials: Credentials;
  readonly drivers: Drivers;
  readonly possessions: Possessions;
  createCustomer(name: string): Promise<Customer>;
  updateCustomer(
    id: string,
    changes: { name?: string; lateAfterSeconds?: number | null; offlineAfterSeconds?: number | null },
  ): Promise<Customer>;
  changeCustomerRetention(id: string, changes: RetentionDaysChanges): Promise<Customer>;
  createVehicle(vehicle: NewVehicle): Promise<Vehicle>;
  /** Another customer becomes its holder from now on; a person's vehicle is given away by that person alone (`forbidden`). */
  updateVehicle(id: string, changes: VehicleChanges, by?: Acting): Promise<Vehicle>;
  changeVehicleRetention(id: string, changes: RetentionDaysChanges): Promise<Vehicle>;
  /** Ends a vehicle: its devices come off, its number is never given again, its past stays readable. */
  endVehicle(id: string): Promise<Vehicle>;
  /** Called in the transaction in which a vehicle ends. */
  whenVehicleEnds(hook: TransferHook): void;
  /** Answers the secret once; only its HMAC is kept. */
  createDevice(device: NewDevice): Promise<{ readonly device: Device; readonly secret: string }>;
  /** Puts a device on another vehicle from a moment on; the assignment before ends there. */
  assignDevice(id: string, vehicleId: string, fromMs: number): Promise<Device>;
  revokeDevice(id: string): Promise<Device>;
  /**
   * Makes up to 200,000 vehicles with a device each, in the order given: fleets of a demo or a bench, imports. One transaction:
   * all are made, or none.
   */
  enrol(rows: readonly EnrolRow[]): Promise<readonly EnrolledRow[]>;
  /**
   * Makes or finds what each line asks for, keyed by IMEI and VIN: the same lines again make nothing twice. Good lines are stored even
   * when others are wrong. One outcome a line, in their order. docs/enrolment.md
   */
  enrolLines(lines: readonly EnrolLine[], options: EnrolLinesOptions): Promise<readonly LineOutcome[]>;
  /** Compares a secret with the one of a device in constant time; undefined, for a device that is not there, takes the same time. */
  verifySecret(deviceNo: number | undefined, secret: string): boolean;
  /**
   * Resolves when `directory` has what any process had committed before. Waits `waitMs` at most (250 unless given), and not at all while PostgreSQL
   * cannot be heard: false then, it may be older.
   */
  catchUp(waitMs?: number): Promise<boolean>;
  /** Reads a device anew, whatever was heard of it. */
  rereadDevice(deviceNo: number): Promise<void>;
  /** Notes that a code of a sign-in link was used; false: it was already, in whatever process. @param expiresAt ms; the note is kept until then */
  useSignInCode(digest: Uint8Array, expiresAt: number): Promise<boolean>;
  /** Stops following the database. The storage stays open. */
  close(): Promise<void>;
}

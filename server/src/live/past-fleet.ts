import { connectionStatuses, coreSignal, type Vocabulary, wellKnown } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';
import type { FleetMoment, FleetStatus, History } from '../history/index.ts';
import type { Directory, Vehicle } from '../registry/index.ts';
import { asSeen } from '../sharing/index.ts';
import { isInBox, parseBox } from './box.ts';
import { mapSignals } from './map-source.ts';
import type { Position, VehicleFilters } from './types.ts';
import { everyWarning, rulesOfSignal, severityOf, updateWarnings, type WarningFacts, warningRules } from './warnings.ts';

const isCharging = coreSignal('Vehicle.Powertrain.TractionBattery.Charging.IsCharging').number;
const isMoving = coreSignal('Vehicle.IsMoving').number;
const ignition = coreSignal('Vehicle.LowVoltageSystemState').number;

/** Signals whose past is kept for the whole fleet: what a map and a list show, and what warnings are derived from. Ascending. */
export const fleetSignals: readonly number[] = [
  ...new Set([...mapSignals, isCharging, isMoving, ignition, ...warningRules.flatMap(({ signals }) => signals)]),
].sort((a, b) => a - b);

/** A vehicle as it was known at a moment. */
export interface PastVehicle {
  readonly vehicle: Vehicle;
  readonly status: FleetStatus;
  readonly position: Position | null;
  readonly headingDegrees: number | null;
  readonly speedKmh: number | null;
  readonly energyPercent: number | null;
  readonly isCharging: boolean | null;
  /** Stored word of the signal. */
  readonly ignition: string | null;
  /** Bits of `warningKinds`. */
  readonly warningMask: number;
  /** Of the worst warning, index into `warningSeverities`. */
  readonly severity: number;
}

export interface PastFleetParts {
  readonly history: Pick<History, 'fleetAt'>;
  readonly directory: Directory;
  readonly vocabulary: () => Vocabulary;
}

export type PastFilters = Pick<VehicleFilters, 'customerId' | 'group' | 'status' | 'bbox'>;

/** Vehicles that were not ended at a moment and belong to today's customer and group, by number, as the reader may know them. */
export const vehiclesAt = (
  directory: Directory,
  scope: ReadScope,
  atMs: number,
  { customerId, group }: PastFilters,
): Vehicle[] => {
  const customerNo = [...directory.customers()].find(({ id }) => id === customerId)?.customerNo;
  const isWanted = (vehicle: Vehicle): boolean =>
    (vehicle.endedAt === null || vehicle.endedAt > atMs) &&
    (customerId === undefined || vehicle.customerNo === customerNo) &&
    (group === undefined || vehicle.groups.includes(group));
  const seen = [...directory.vehicles()].filter(({ vehicleNo }) => scope.allowsVehicle(vehicleNo));
  return seen
    .map((vehicle) => asSeen(scope, vehicle))
    .filter(isWanted)
    .sort((a, b) => a.vehicleNo - b.vehicleNo);
};

/** Rank of a device's kind for a signal, as the latest values have it. */
const ranks =
  ({ directory, vocabulary }: PastFleetParts) =>
  (signalNumber: number, deviceNo: number): number => {
    const priority = vocabulary().byNumber(signalNumber)?.sourcePriority;
    if (!priority) return 0;
    const kind = directory.deviceByNo(deviceNo)?.kind;
    const rank = kind === undefined ? -1 : priority.indexOf(kind);
    return rank < 0 ? priority.length : rank;
  };

/** The fleet as of a moment: what a map or list showed then of each vehicle, as far as its samples are known by now. */
export class PastFleet {
  readonly moment: FleetMoment;
  readonly #vehicles: ReadonlyMap<number, Vehicle>;
  readonly #vocabulary: Vocabulary;
  /** Rules that could find something. */
  readonly #rules: number;
  readonly #box: ReturnType<typeof parseBox> | undefined;
  readonly #status: string | undefined;

  constructor(moment: FleetMoment, vehicles: readonly Vehicle[], vocabulary: Vocabulary, { bbox, status }: PastFilters) {
    this.moment = moment;
    this.#vehicles = new Map(vehicles.map((vehicle) => [vehicle.vehicleNo, vehicle]));
    this.#vocabulary = vocabulary;
    this.#box = bbox === undefined ? undefined : parseBox(bbox);
    this.#status = status;
    this.#rules = moment.signals.reduce((mask, signal) => mask | (rulesOfSignal.get(signal) ?? 0), 0) & everyWarning;
  }

  get places(): number {
    return this.moment.vehicleNos.length;
  }

  /** Undefined: the filters leave it out. */
  at(place: number): PastVehicle | undefined {
    const vehicle = this.#vehicles.get(this.moment.vehicleNos[place] as number);
    if (!vehicle) return undefined;
    const status = this.moment.status(place);
    if (this.#status !== undefined && status.status !== this.#status) return undefined;
    const position = this.#position(place);
    const box = this.#box;
    if (box && !(position && isInBox(box, position.latitude, position.longitude))) return undefined;
    const charging = this.moment.value(place, isCharging)?.stored;
    const warningMask = this.#warningMask(place, vehicle);
    return {
      vehicle,
      status,
      position,
      headingDegrees: this.#number(place, wellKnown.heading),
      speedKmh: this.#number(place, wellKnown.speed),
      energyPercent: this.#number(place, wellKnown.energyPercent),
      isCharging: charging === undefined ? null : charging === 1,
      ignition: this.#word(place, ignition),
      warningMask,
      severity: severityOf(warningMask),
    };
  }

  #number(place: number, signalNumber: number): number | null {
    const stored = this.moment.value(place, signalNumber)?.stored;
    const signal = this.#vocabulary.byNumber(signalNumber);
    return typeof stored === 'number' && signal ? stored / signal.perUnit : null;
  }

  #word(place: number, signalNumber: number): string | null {
    const stored = this.moment.value(place, signalNumber)?.stored;
    const signal = this.#vocabulary.byNumber(signalNumber);
    return typeof stored === 'number' ? (signal?.values?.[stored] ?? null) : null;
  }

  #position(place: number): Position | null {
    const latitude = this.moment.value(place, wellKnown.latitude);
    const longitude = this.#number(place, wellKnown.longitude);
    const perUnit = this.#vocabulary.byNumber(wellKnown.latitude)?.perUnit ?? 1;
    if (typeof latitude?.stored !== 'number' || longitude === null) return null;
    return { latitude: latitude.stored / perUnit, longitude, time: latitude.time };
  }

  #warningMask(place: number, vehicle: Vehicle): number {
    if (this.#rules === 0) return 0;
    const stored = (signal: number) => this.moment.value(place, signal)?.stored;
    const facts: WarningFacts = {
      number: (signal) => {
        const value = stored(signal);
        return typeof value === 'number' ? value : Number.NaN;
      },
      text: (signal) => {
        const value = stored(signal);
        return typeof value === 'string' ? value : undefined;
      },
      tirePlacardKpa: vehicle.tirePlacardKpa,
      grossWeightKg: vehicle.grossWeightKg,
    };
    return updateWarnings(0, this.#rules, facts);
  }
}

/** Reads what was known of vehicles at a moment. Throws CallerError for filters that cannot be and a moment after now. */
export const readPastFleet = async (
  parts: PastFleetParts,
  scope: ReadScope,
  atMs: number,
  vehicles: readonly Vehicle[],
  filters: PastFilters,
): Promise<PastFleet> => {
  if (filters.bbox !== undefined) parseBox(filters.bbox);
  const vehicleNos = vehicles.map(({ vehicleNo }) => vehicleNo);
  const moment = await parts.history.fleetAt(scope, { vehicleNos, atMs, rankOf: ranks(parts) });
  return new PastFleet(moment, vehicles, parts.vocabulary(), filters);
};

export const statusCodeOf = (status: FleetStatus): number => connectionStatuses.indexOf(status.status);

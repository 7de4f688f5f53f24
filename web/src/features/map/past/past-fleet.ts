import { type WarningCode, warningCodes, warningKinds } from '@milepost/contract';
import type { VehicleItem } from '@milepost/contract/api';
import { byName, type FleetVehicle, makeFleetVehicle, setIdentity, type ShownWarning } from '../fleet-vehicle.ts';
import { type Glide, standingAt } from '../glide.ts';
import { mercatorX, mercatorY } from '../mercator.ts';
import type { PastFrame } from './past-frame.ts';

export interface PastOptions {
  /** Two positions further apart than this in time are not joined, and a vehicle not heard of for longer is unobserved. */
  readonly gapMs: number;
  readonly isMotionWanted: boolean;
}

const warningsByMask = new Map<number, readonly ShownWarning[]>([[0, []]]);

/** Active warnings of a mask of their bits, the same list for the same mask. */
export const warningsOfMask = (mask: number): readonly ShownWarning[] => {
  const known = warningsByMask.get(mask);
  if (known) return known;
  const isActive = (code: WarningCode): boolean => (mask & (1 << warningKinds[code].bit)) !== 0;
  const found = warningCodes.filter(isActive).map((code) => ({ code, severity: warningKinds[code].severity }));
  warningsByMask.set(mask, found);
  return found;
};

/** Of a vehicle that is not in the fleet any more, until its name is read. */
const unknownItem = (id: string): VehicleItem => ({
  id,
  vin: '…',
  plate: null,
  customer: '',
  customerId: '',
  model: null,
  groups: [],
  note: null,
  status: 'never_seen',
  statusSince: null,
  statusReason: 'none',
  lastSeen: null,
  driver: null,
  isPrivate: false,
  position: null,
  warnings: [],
  energyPercent: null,
  rangeKm: null,
  speedKmh: null,
});

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The fleet as of a past moment, and on its way to the next one while the past is played. */
export class PastFleet {
  readonly #vehicles = new Map<string, FleetVehicle>();
  readonly #itemOf: (id: string) => VehicleItem | undefined;
  #ranked: FleetVehicle[] = [];
  #shown: PastFrame | undefined;
  #rankedIds: readonly string[] = [];
  #present = new Set<string>();

  constructor(itemOf: (id: string) => VehicleItem | undefined) {
    this.#itemOf = itemOf;
  }

  /** In order of names. */
  list(): readonly FleetVehicle[] {
    return this.#ranked;
  }

  find(id: string): FleetVehicle | undefined {
    return this.#present.has(id) ? this.#vehicles.get(id) : undefined;
  }

  /** Vehicles whose names are not known. */
  nameless(): string[] {
    return this.#ranked.filter(({ item }) => item.customerId === '').map(({ id }) => id);
  }

  /** Takes over names that changed or were read. */
  rename(): void {
    for (const vehicle of this.#ranked) {
      const item = this.#itemOf(vehicle.id);
      if (item && item !== vehicle.item) setIdentity(vehicle, item);
    }
    this.#ranked.sort(byName);
  }

  /** Shows a frame; with the one after it, vehicles go from one to the other by the clock of the past. */
  show(frame: PastFrame, next: PastFrame | undefined, options: PastOptions): void {
    this.#shown = frame;
    const vehicles = frame.ids.map((id) => this.#vehicleOf(id));
    if (frame.ids !== this.#rankedIds) {
      this.#rankedIds = frame.ids;
      this.#present = new Set(frame.ids);
      this.#ranked = vehicles.toSorted(byName);
    }
    const places = next && next.ids !== frame.ids ? new Map(next.ids.map((id, place) => [id, place])) : undefined;
    for (const [place, vehicle] of vehicles.entries()) {
      this.#set(vehicle, frame, place, options.gapMs);
      const nextPlace = places ? places.get(vehicle.id) : place;
      if (next && nextPlace !== undefined) head(vehicle, next, nextPlace, options);
    }
  }

  get atMs(): number | undefined {
    return this.#shown?.atMs;
  }

  #vehicleOf(id: string): FleetVehicle {
    const known = this.#vehicles.get(id);
    if (known) return known;
    const made = makeFleetVehicle({ ...(this.#itemOf(id) ?? unknownItem(id)), position: null });
    this.#vehicles.set(id, made);
    return made;
  }

  #set(vehicle: FleetVehicle, frame: PastFrame, place: number, gapMs: number): void {
    const entry = frame.entries.seek(place);
    const statusAgeMs = frame.statusAgesMs[place] as number;
    const positionAgeMs = frame.positionAgesMs[place] as number;
    vehicle.status = entry.status;
    vehicle.severity = entry.severity;
    vehicle.statusSinceMs = orNull(frame.atMs - statusAgeMs);
    vehicle.statusReason = frame.goodbyes.has(place) ? 'goodbye' : 'none';
    vehicle.warnings = warningsOfMask(frame.warningMasks[place] as number);
    vehicle.headingDegrees = orNull(entry.headingDegrees);
    vehicle.speedKmh = orNull(entry.speedKmh);
    vehicle.energyPercent = orNull(entry.energyPercent);
    vehicle.latitude = orNull(entry.latitude);
    vehicle.longitude = orNull(entry.longitude);
    vehicle.positionMs = vehicle.latitude === null ? null : orNull(frame.atMs - positionAgeMs);
    vehicle.isUnobserved = !(positionAgeMs <= gapMs);
    vehicle.x = mercatorX(entry.longitude);
    vehicle.y = mercatorY(entry.latitude);
    if (vehicle.latitude === null) vehicle.glide = null;
    else stand(vehicle, vehicle.x, vehicle.y);
  }
}

const stand = (vehicle: FleetVehicle, x: number, y: number): void => {
  const glide: Glide = vehicle.glide ?? standingAt(x, y);
  glide.fromX = glide.toX = x;
  glide.fromY = glide.toY = y;
  glide.startMs = glide.endMs = 0;
  vehicle.glide = glide;
};

/** Sends a vehicle from where it is to where the next frame has it: on a line when both were heard soon after each other, else in one step. */
const head = (vehicle: FleetVehicle, next: PastFrame, place: number, { gapMs, isMotionWanted }: PastOptions): void => {
  const entry = next.entries.seek(place);
  const positionMs = next.atMs - (next.positionAgesMs[place] as number);
  const { glide, positionMs: fromMs } = vehicle;
  if (!glide || fromMs === null || !entry.hasPosition || !(positionMs > fromMs)) return;
  const x = mercatorX(entry.longitude);
  const y = mercatorY(entry.latitude);
  glide.toX = x;
  glide.toY = y;
  glide.endMs = positionMs;
  const isLine = isMotionWanted && positionMs - fromMs <= gapMs;
  glide.startMs = isLine ? fromMs : positionMs;
};

import type { ConnectionStatus, StatusReason, WarningCode, WarningSeverity } from '@milepost/contract';
import type { VehicleItem, WarningDetailView } from '@milepost/contract/api';
import type { MapFrameEntry } from '@milepost/contract/stream';
import { type Glide, headFor, standingAt } from './glide.ts';
import { mercatorX, mercatorY } from './mercator.ts';

/** A warning as list and card show it. Of the past only its code is known. */
export interface ShownWarning {
  readonly code: WarningCode;
  readonly severity: WarningSeverity;
  readonly detail?: WarningDetailView;
}

/** A vehicle as map and list show it, now or as of a past moment. Changed in place, and kept out of Vue's proxies. */
export interface FleetVehicle {
  readonly id: string;
  /** Who it is. How it is stands in the other fields, which may be of another time. */
  item: VehicleItem;
  /** What search looks through, folded. */
  searchText: string;
  /** Orders names as people count: VAN 9 before VAN 10. */
  sortKey: string;
  status: ConnectionStatus;
  statusSinceMs: number | null;
  statusReason: StatusReason;
  severity: WarningSeverity | 'none';
  warnings: readonly ShownWarning[];
  latitude: number | null;
  longitude: number | null;
  headingDegrees: number | null;
  speedKmh: number | null;
  energyPercent: number | null;
  /** When it was where it is; null: that is not told. */
  positionMs: number | null;
  /** Nothing was heard of it around the moment that is shown: it may have been elsewhere. */
  isUnobserved: boolean;
  /** Where it is known to be, in Mercator units; NaN: nowhere. */
  x: number;
  y: number;
  glide: Glide | null;
}

/** Slower than this a vehicle stands, and the heading it had last says nothing. */
const movingKmhMin = 2;

const severityOrder = { none: 0, info: 1, warning: 2, critical: 3 } as const;

export const worstSeverity = (warnings: readonly { readonly severity: WarningSeverity }[]): WarningSeverity | 'none' =>
  warnings.reduce<WarningSeverity | 'none'>(
    (worst, { severity }) => (severityOrder[severity] > severityOrder[worst] ? severity : worst),
    'none',
  );

/** Plates are what people call vehicles by; some have none. */
export const vehicleName = (vehicle: { readonly plate: string | null; readonly vin: string }): string =>
  vehicle.plate ?? vehicle.vin;

/** Small letters without accents, as the server's search has it. */
export const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const numberDigits = 12;
const sortKeyOf = (name: string): string => fold(name).replace(/\d+/g, (digits) => digits.padStart(numberDigits, '0'));

/** Takes over who a vehicle is: names, customer, groups. */
export const setIdentity = (vehicle: FleetVehicle, item: VehicleItem): void => {
  const { vin, plate, customer, model } = vehicle.item;
  vehicle.item = item;
  if (vehicle.searchText !== '' && vin === item.vin && plate === item.plate && customer === item.customer && model === item.model)
    return;
  vehicle.searchText = fold(`${item.vin} ${item.plate ?? ''} ${item.customer} ${item.model ?? ''}`);
  vehicle.sortKey = sortKeyOf(vehicleName(item));
};

/** Takes over what the list knows and the stream does not tell: warnings in words, and since when it is silent. */
export const setDetails = (vehicle: FleetVehicle, item: VehicleItem): void => {
  setIdentity(vehicle, item);
  vehicle.warnings = item.warnings;
  vehicle.statusReason = item.statusReason;
  vehicle.statusSinceMs = item.statusSince === null ? null : Date.parse(item.statusSince);
};

export const makeFleetVehicle = (item: VehicleItem): FleetVehicle => {
  const vehicle: FleetVehicle = {
    id: item.id,
    item,
    searchText: '',
    sortKey: '',
    status: item.status,
    statusSinceMs: null,
    statusReason: item.statusReason,
    severity: worstSeverity(item.warnings),
    warnings: item.warnings,
    latitude: null,
    longitude: null,
    headingDegrees: item.position?.heading ?? null,
    speedKmh: item.speedKmh,
    energyPercent: item.energyPercent,
    positionMs: null,
    isUnobserved: false,
    x: Number.NaN,
    y: Number.NaN,
    glide: null,
  };
  setDetails(vehicle, item);
  if (item.position) place(vehicle, item.position.latitude, item.position.longitude, 0, false);
  return vehicle;
};

const place = (vehicle: FleetVehicle, latitude: number, longitude: number, nowMs: number, isMotionWanted: boolean): void => {
  vehicle.latitude = latitude;
  vehicle.longitude = longitude;
  vehicle.x = mercatorX(longitude);
  vehicle.y = mercatorY(latitude);
  if (vehicle.glide) headFor(vehicle.glide, vehicle.x, vehicle.y, nowMs, isMotionWanted);
  else vehicle.glide = standingAt(vehicle.x, vehicle.y);
};

/** Nobody may know any more where it is, the place of before included: it is private. */
const unplace = (vehicle: FleetVehicle): void => {
  vehicle.latitude = null;
  vehicle.longitude = null;
  vehicle.x = Number.NaN;
  vehicle.y = Number.NaN;
  vehicle.glide = null;
};

/** Takes over what a frame of the stream says. `nowMs` is the time that animations are told by. */
export const applyEntry = (vehicle: FleetVehicle, entry: MapFrameEntry, nowMs: number, isMotionWanted: boolean): void => {
  vehicle.status = entry.status;
  vehicle.severity = entry.severity;
  vehicle.headingDegrees = entry.headingDegrees;
  vehicle.speedKmh = entry.speedKmh;
  vehicle.energyPercent = entry.energyPercent;
  if (entry.latitude === null || entry.longitude === null) unplace(vehicle);
  else place(vehicle, entry.latitude, entry.longitude, nowMs, isMotionWanted);
};

export const hasWarning = (vehicle: FleetVehicle): boolean => vehicle.severity === 'warning' || vehicle.severity === 'critical';

/** The same rule as the server's count: a warning above mere information, or offline without a goodbye. */
export const needsAttention = (vehicle: FleetVehicle): boolean =>
  hasWarning(vehicle) || (vehicle.status === 'offline' && vehicle.statusReason !== 'goodbye');

/** Of the past it is known that a vehicle drove also when it told so later. */
const isObserved = ({ status, positionMs, isUnobserved }: FleetVehicle): boolean =>
  positionMs === null ? status === 'online' : !isUnobserved;

export const isMoving = (vehicle: FleetVehicle): boolean =>
  isObserved(vehicle) && vehicle.speedKmh !== null && Math.abs(vehicle.speedKmh) >= movingKmhMin;

const statusOrder: Readonly<Record<ConnectionStatus, number>> = { offline: 3, late: 4, online: 5, never_seen: 6 };
export const urgencies = 7;

/** From 0, who needs somebody first, below `urgencies`. */
export const urgencyOf = (vehicle: FleetVehicle): number => {
  if (vehicle.severity === 'critical') return 0;
  if (vehicle.severity === 'warning') return 1;
  return needsAttention(vehicle) ? 2 : statusOrder[vehicle.status];
};

export const byName = (a: FleetVehicle, b: FleetVehicle): number => (a.sortKey < b.sortKey ? -1 : Number(a.sortKey > b.sortKey));

import type { ConnectionStatus, WarningSeverity } from '@milepost/contract';
import type { VehicleItem } from '@milepost/contract/api';
import type { MapFrameEntry } from '@milepost/contract/stream';
import { useFormats } from '../../components/use-formats.ts';
import { type Glide, headFor, standingAt } from './glide.ts';
import { mercatorX, mercatorY } from './mercator.ts';

/** A vehicle as map and list show it: who it is, from the API, and how it is, from the stream. Kept out of Vue's proxies. */
export interface FleetVehicle {
  readonly id: string;
  item: VehicleItem;
  status: ConnectionStatus;
  severity: WarningSeverity | 'none';
  latitude: number | null;
  longitude: number | null;
  headingDegrees: number | null;
  speedKmh: number | null;
  energyPercent: number | null;
  /** Where it is known to be, in Mercator units; NaN: nowhere. */
  x: number;
  y: number;
  glide: Glide | null;
}

/** Slower than this a vehicle stands, and the heading it had last says nothing. */
const movingKmhMin = 2;

const severityOrder = { none: 0, info: 1, warning: 2, critical: 3 } as const;

export const worstSeverity = (item: VehicleItem): WarningSeverity | 'none' =>
  item.warnings.reduce<WarningSeverity | 'none'>(
    (worst, { severity }) => (severityOrder[severity] > severityOrder[worst] ? severity : worst),
    'none',
  );

/** Plates are what people call vehicles by; some have none. */
export const vehicleName = (vehicle: { readonly plate: string | null; readonly vin: string }): string =>
  vehicle.plate ?? vehicle.vin;

export const makeFleetVehicle = (item: VehicleItem): FleetVehicle => {
  const vehicle: FleetVehicle = {
    id: item.id,
    item,
    status: item.status,
    severity: worstSeverity(item),
    latitude: null,
    longitude: null,
    headingDegrees: item.position?.heading ?? null,
    speedKmh: item.speedKmh,
    energyPercent: item.energyPercent,
    x: Number.NaN,
    y: Number.NaN,
    glide: null,
  };
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

/** Takes over what a frame of the stream says. `nowMs` is the time that animations are told by. */
export const applyEntry = (vehicle: FleetVehicle, entry: MapFrameEntry, nowMs: number, isMotionWanted: boolean): void => {
  vehicle.status = entry.status;
  vehicle.severity = entry.severity;
  vehicle.headingDegrees = entry.headingDegrees;
  vehicle.speedKmh = entry.speedKmh;
  vehicle.energyPercent = entry.energyPercent;
  if (entry.latitude !== null && entry.longitude !== null) place(vehicle, entry.latitude, entry.longitude, nowMs, isMotionWanted);
};

export const hasWarning = (vehicle: FleetVehicle): boolean => vehicle.severity === 'warning' || vehicle.severity === 'critical';

/** The same rule as the server's count: a warning above mere information, or offline without a goodbye. */
export const needsAttention = (vehicle: FleetVehicle): boolean =>
  hasWarning(vehicle) || (vehicle.status === 'offline' && vehicle.item.statusReason !== 'goodbye');

export const isMoving = (vehicle: FleetVehicle): boolean =>
  vehicle.status === 'online' && vehicle.speedKmh !== null && Math.abs(vehicle.speedKmh) >= movingKmhMin;

const statusOrder: Readonly<Record<ConnectionStatus, number>> = { offline: 3, late: 4, online: 5, never_seen: 6 };

const urgency = (vehicle: FleetVehicle): number => {
  if (vehicle.severity === 'critical') return 0;
  if (vehicle.severity === 'warning') return 1;
  return needsAttention(vehicle) ? 2 : statusOrder[vehicle.status];
};

const formats = useFormats();
/** Who needs somebody first, then by name. */
export const byUrgency = (a: FleetVehicle, b: FleetVehicle): number =>
  urgency(a) - urgency(b) || formats.value.compare(vehicleName(a.item), vehicleName(b.item));

import type { VehicleDetail, VehicleItem } from '@milepost/contract/api';
import { applyEntry, type FleetVehicle, makeFleetVehicle, setDetails, worstSeverity } from '../map/fleet-vehicle.ts';
import { vitalOf, vitalPaths } from './vitals.ts';

export type MapVehicle = FleetVehicle;

const itemOf = (detail: VehicleDetail): VehicleItem => ({
  id: detail.id,
  vin: detail.vin,
  plate: detail.plate,
  customer: detail.customer,
  customerId: detail.customerId,
  model: detail.model,
  groups: detail.groups,
  note: detail.note,
  status: detail.status,
  statusSince: detail.statusSince,
  statusReason: detail.statusReason,
  lastSeen: detail.lastSeen,
  position: detail.position,
  warnings: detail.warnings,
  energyPercent: vitalOf(detail.latest, vitalPaths.energy).value,
  speedKmh: vitalOf(detail.latest, vitalPaths.speed).value,
});

/** The vehicle as the map draws it, going on from how it was drawn before, so that it glides. */
export const mapVehicleOf = (detail: VehicleDetail, before: FleetVehicle | undefined): FleetVehicle => {
  const item = itemOf(detail);
  if (!before) return makeFleetVehicle(item);
  setDetails(before, item);
  const { position } = detail;
  const entry = {
    handle: 0,
    latitude: position?.latitude ?? null,
    longitude: position?.longitude ?? null,
    headingDegrees: position?.heading ?? null,
    speedKmh: item.speedKmh,
    energyPercent: item.energyPercent,
    status: item.status,
    severity: worstSeverity(item.warnings),
    isRemoved: false,
  };
  applyEntry(before, entry, performance.now(), !matchMedia('(prefers-reduced-motion: reduce)').matches);
  return before;
};

import type { VehicleDetail, VehicleItem } from '@milepost/contract/api';
import { type FleetVehicle, makeFleetVehicle } from '../map/fleet-vehicle.ts';
import { vitalOf, vitalPaths } from './vitals.ts';

const kilometres = (metres: number | null): number | null => (metres === null ? null : metres / 1000);

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
  driver: detail.driver,
  isPrivate: detail.isPrivate,
  position: detail.position,
  warnings: detail.warnings,
  energyPercent: vitalOf(detail.latest, vitalPaths.energy).value,
  rangeKm: kilometres(vitalOf(detail.latest, vitalPaths.range).value),
  speedKmh: vitalOf(detail.latest, vitalPaths.speed).value,
});

/** The vehicle as a map draws it. */
export const mapVehicleOf = (detail: VehicleDetail): FleetVehicle => makeFleetVehicle(itemOf(detail));

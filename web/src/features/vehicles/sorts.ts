import type { VehicleGrouping, VehicleSortWord } from '@milepost/contract/api';

/** The orders that the list offers. */
export const vehicleListSorts = [
  'name',
  '-name',
  'status',
  '-status',
  'lastSeen',
  '-lastSeen',
  'energy',
  '-energy',
  'range',
  '-range',
  'customer',
  '-customer',
] as const satisfies readonly VehicleSortWord[];

/** What the list can be grouped by. */
export const vehicleParts = ['customer', 'group'] as const satisfies readonly VehicleGrouping[];

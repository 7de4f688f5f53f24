import type { VehicleSortWord } from '@milepost/contract/api';

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

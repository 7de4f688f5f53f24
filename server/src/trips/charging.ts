import type { Analysis } from './analysis.ts';
import type { Charging, VehicleFacts } from './types.ts';

export const findCharging = (_analysis: Analysis, _vehicle: VehicleFacts): Charging[] => [];

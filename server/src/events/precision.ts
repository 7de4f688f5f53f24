import { coreSignal } from '@milepost/contract';
import type { Precision } from './read-scope.ts';

/** Degrees to which a position is rounded before anything else looks at it, filters too. */
const gridDegrees: Record<Precision, number> = { exact: 0, about100m: 0.001, about1km: 0.01, about10km: 0.1 };
const degreesPerUnit = coreSignal('Vehicle.CurrentLocation.Latitude').perUnit;

export const roundDegrees = (degrees: number, precision: Precision): number => {
  const grid = gridDegrees[precision];
  return grid === 0 ? degrees : Math.round(degrees / grid) * grid;
};

/** The same of a stored latitude or longitude. */
export const blurDegrees = (stored: number, precision: Precision): number =>
  Math.round(roundDegrees(stored / degreesPerUnit, precision) * degreesPerUnit);

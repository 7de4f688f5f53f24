import type { ConnectionStatus } from '@milepost/contract';
import { type Box, isInBox } from './box.ts';
import { type FleetVehicle, needsAttention, urgencies, urgencyOf } from './fleet-vehicle.ts';
import { type FleetFilter, hasStatus, makeMatcher } from './match-vehicle.ts';

export interface Survey {
  /** All that fit, who needs somebody first, then by name. */
  readonly shown: readonly FleetVehicle[];
  /** Those that fit all but the box. */
  readonly outside: readonly FleetVehicle[];
  readonly total: number;
  /** Of those that fit all but the status. */
  readonly counts: Readonly<Record<ConnectionStatus | 'attention', number>>;
}

/**
 * What map, list and counts show, in one pass: with ten thousand vehicles each second nothing may be sorted or looked up. `ranked` is in order of names.
 */
export const surveyFleet = (ranked: readonly FleetVehicle[], filter: FleetFilter, box: Box | undefined): Survey => {
  const matches = makeMatcher(filter);
  const byUrgency: FleetVehicle[][] = Array.from({ length: urgencies }, () => []);
  const outside: FleetVehicle[] = [];
  const counts = { online: 0, late: 0, offline: 0, never_seen: 0, attention: 0 };
  for (const vehicle of ranked) {
    if (!matches(vehicle)) continue;
    const isInside = box === undefined || isInBox(box, vehicle);
    if (isInside) {
      counts[vehicle.status]++;
      if (needsAttention(vehicle)) counts.attention++;
    }
    if (!hasStatus(vehicle, filter.status)) continue;
    if (isInside) byUrgency[urgencyOf(vehicle)]?.push(vehicle);
    else outside.push(vehicle);
  }
  return { shown: byUrgency.flat(), outside, total: ranked.length, counts };
};

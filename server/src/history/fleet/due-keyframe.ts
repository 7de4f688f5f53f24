import type { KeyframeInfo, KeyframeStore } from './keyframe-store.ts';
import { keyframeEveryMs, keyframeSettleMs, lateShareMax, lateVehiclesMin } from './limits.ts';

export interface DueFacts {
  readonly nowMs: number;
  /** receivedAt up to which everything is in chunks. */
  readonly storedToMs: number;
  /** Moments before are not kept, or nothing is known of them. */
  readonly keptFromMs: number;
}

const atOrBefore = (ms: number): number => Math.floor(ms / keyframeEveryMs) * keyframeEveryMs;
const atOrAfter = (ms: number): number => Math.ceil(ms / keyframeEveryMs) * keyframeEveryMs;

/**
 * Many vehicles had rows that it lacks. Made anew when it is twice as old as when it was made: a fleet that sends once a day has each of its
 * keyframes made some ten times, not for each vehicle.
 */
const isWorthAnew = ({ atMs, madeMs, vehicles, lateVehicles }: KeyframeInfo, nowMs: number): boolean =>
  lateVehicles > lateVehiclesMin && lateVehicles > vehicles * lateShareMax && nowMs - atMs >= 2 * (madeMs - atMs);

/**
 * The keyframe to make next: the newest that can be made, so that now is served first; then the oldest that is missing, because each builds
 * on the one before; then one that lacks much. Older ones are looked at only in a search.
 */
export const dueKeyframe = (
  keyframes: Pick<KeyframeStore, 'list'>,
  { nowMs, storedToMs, keptFromMs }: DueFacts,
  isSearch: boolean,
): number | undefined => {
  const newestMs = atOrBefore(storedToMs - keyframeSettleMs);
  const oldestMs = atOrAfter(keptFromMs);
  if (!(newestMs >= oldestMs)) return undefined;
  if (keyframes.list(newestMs, newestMs).length === 0) return newestMs;
  if (!isSearch) return undefined;
  const made = keyframes.list(oldestMs, newestMs);
  let expectedMs = oldestMs;
  for (const { atMs } of made) {
    if (atMs !== expectedMs) return expectedMs;
    expectedMs = atMs + keyframeEveryMs;
  }
  return made.find((info) => isWorthAnew(info, nowMs))?.atMs;
};

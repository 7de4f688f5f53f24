import { BugError } from '../kernel/index.ts';
import { coreOf } from './cores.ts';
import type { Live } from './types.ts';
import { everyWarning } from './warnings.ts';

/**
 * Puts the whole state of `next`, which has followed the log to the same offset, in the place of the one that is used. In one turn: whoever reads,
 * and every stream, goes on with the same object. `next` is worth nothing after. Every vehicle counts as changed, so that
 * viewers are sent what differs. Not while a snapshot is being saved.
 */
export const adoptLive = (live: Live, next: Live): void => {
  const [core, other] = [coreOf(live), coreOf(next)];
  const [stands, comes] = [core.applier.nextOffset, other.applier.nextOffset];
  if (stands !== comes) throw new BugError(`live stands at ${stands}, what should replace it at ${comes}`);
  if (live.statistics().isSaving) throw new BugError('live cannot be replaced while a snapshot of it is saved');
  const before = new Set(core.tracker.seenVehicles());
  // A silence that one has noticed is noticed by both.
  other.tracker.advance(core.tracker.settledMs);
  core.latest.adopt(other.latest);
  core.tracker.adopt(other.tracker);
  other.takeStatusChanges();
  for (const vehicleNo of core.tracker.seenVehicles()) before.add(vehicleNo);
  for (const vehicleNo of before) {
    core.refreshWarnings(vehicleNo, everyWarning);
    core.derived.touchMap(vehicleNo);
    for (const listener of core.listeners) listener.vehicleChanged?.(vehicleNo, core.tracker.lastSeen(vehicleNo));
  }
};

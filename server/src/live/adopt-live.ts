import { setImmediate as nextTurn } from 'node:timers/promises';
import { BugError } from '../kernel/index.ts';
import { coreOf } from './cores.ts';
import { tellPositions } from './positions.ts';
import type { Live } from './types.ts';

/** Vehicles that listeners are told of in one turn. */
const toldAtOnce = 1000;

/**
 * Puts the whole state of `next`, which has followed the log to the same offset, in the place of the one that is used. In one turn: whoever reads,
 * and every stream, goes on with the same object. `next` is worth nothing after. Every vehicle counts as changed, so that
 * viewers are sent what differs; the promise resolves when all listeners were told. Not while a snapshot is being saved.
 */
export const adoptLive = (live: Live, next: Live): Promise<void> => {
  const [core, other] = [coreOf(live), coreOf(next)];
  const [stands, comes] = [core.applier, other.applier].map(({ positions }) => tellPositions(positions));
  if (stands !== comes) throw new BugError(`live stands at ${stands}, what should replace it at ${comes}`);
  if (live.statistics().isSaving) throw new BugError('live cannot be replaced while a snapshot of it is saved');
  // A silence that one has noticed is noticed by both.
  other.tracker.advance(core.tracker.settledMs);
  core.latest.adopt(other.latest);
  core.tracker.adopt(other.tracker);
  core.derived.adopt(other.derived);
  return tellAll(live);
};

const tellAll = async (live: Live): Promise<void> => {
  const { tracker, listeners } = coreOf(live);
  let told = 0;
  for (const vehicleNo of tracker.seenVehicles()) {
    for (const listener of listeners) {
      listener.vehicleChanged?.(vehicleNo, tracker.lastSeen(vehicleNo));
      listener.warningsChanged?.(vehicleNo);
    }
    if (++told % toldAtOnce === 0) await nextTurn();
  }
};

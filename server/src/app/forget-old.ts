import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Vocabulary } from '@milepost/contract';
import type { Clock } from '../kernel/index.ts';
import type { Live } from '../live/index.ts';
import type { Retention } from '../registry/index.ts';

export interface ForgetOptions {
  readonly live: Live;
  readonly retention: Retention;
  readonly vocabulary: Vocabulary;
  readonly clock: Clock;
}

/** Vehicles that are looked at before others have a turn. */
const vehiclesPerSlice = 2000;

/** Latest values that are older than they are kept: of a vehicle that has been silent for as long. */
export const forgetOld = async (options: ForgetOptions, vehicleNos: Iterable<number>): Promise<void> => {
  const { live, retention, vocabulary, clock } = options;
  let seen = 0;
  for (const vehicleNo of vehicleNos) {
    if (++seen % vehiclesPerSlice === 0) await nextTurn();
    const nowMs = clock.now();
    live.eraseOlder(vehicleNo, (signalNumber) => {
      const group = vocabulary.byNumber(signalNumber)?.group;
      return group === undefined ? Number.NEGATIVE_INFINITY : retention.keptFromMs(vehicleNo, group, nowMs);
    });
  }
};

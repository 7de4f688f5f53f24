import type { Storage } from '../../storage/index.ts';
import { forgetScans } from './store-marks.ts';
import { tripsActor } from './trip-marks.ts';
import { countKept } from './store-days.ts';

export interface ForgottenDays {
  readonly vehicles: number;
  readonly days: number;
}

/**
 * No stored day is believed any more: whoever keeps days looks through the history of every vehicle and derives each anew. What is
 * stored stays until then.
 */
export const forgetDays = (storage: Storage): Promise<ForgottenDays> =>
  storage.withActor(tripsActor, async (tx) => {
    await forgetScans(tx, { partitions: [], count: 0 });
    return countKept(tx);
  });

import type { Vocabulary } from '@milepost/contract';
import type { ErasedPeriod, Erasures } from '../erasure/index.ts';
import type { History } from '../history/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import type { Live } from '../live/index.ts';
import type { Retention } from '../registry/index.ts';
import { forgetOld } from './forget-old.ts';

export interface HideOptions {
  readonly erasures: Erasures;
  readonly retention: Retention;
  readonly history: History;
  readonly live: Live;
  readonly vocabulary: Vocabulary;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Reads follow a rule at once. The thread that merges is told of all vehicles that have one: with more of them, not more often than this. */
const toldAtOnceMax = 1000;
const tellMergeEveryMs = 1000;

/** Calls back at once, but not sooner than `everyMs` after the last time: then later, once. */
const spaced = (clock: Clock, everyMs: () => number, run: () => void): (() => void) & { stop(): void } => {
  let lastMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;
  const runNow = (): void => {
    cancel = undefined;
    lastMs = clock.steady();
    run();
  };
  const call = (): void => {
    if (cancel) return;
    const waitMs = lastMs + everyMs() - clock.steady();
    if (waitMs <= 0) runNow();
    else cancel = clock.after(waitMs, runNow);
  };
  return Object.assign(call, { stop: () => cancel?.() });
};

/**
 * Keeps what was erased, and what is older than its vehicle and group are kept, out of the read models: what they hold now, what the log told
 * them again at the start, and what devices send later. Answers the end of it.
 */
export const hideErased = async (options: HideOptions): Promise<() => void> => {
  const { erasures, retention, history, live, clock, logger } = options;
  const { standard, byVehicle } = retention;
  const hide = (): Promise<void> => history.setHiding({ standard, byVehicle, erased: erasures.periods() });
  const hideLater = (): void => {
    hide().catch((error: unknown) => logger.error('the next merge does not know yet what is no longer kept', { error }));
  };
  const forget = ({ vehicleNo, fromMs, toMs }: ErasedPeriod): void => live.erase(vehicleNo, fromMs, toMs);
  await hide();
  for (const period of erasures.periods()) forget(period);
  await forgetOld(options, live.knownVehicles());
  const stopHearing = erasures.onErased((period) => {
    forget(period);
    hideLater();
  });
  const tellMerge = spaced(clock, () => (byVehicle.size > toldAtOnceMax ? tellMergeEveryMs : 0), hideLater);
  const stopFollowing = retention.onChange((vehicleNos) => {
    tellMerge();
    forgetOld(options, vehicleNos).catch((error: unknown) => logger.error('latest values could not be forgotten', { error }));
  });
  const stopListening = live.listen({
    vehicleChanged: (vehicleNo) => {
      for (const period of erasures.periodsOf(vehicleNo)) forget(period);
    },
  });
  return () => {
    tellMerge.stop();
    stopHearing();
    stopFollowing();
    stopListening();
  };
};

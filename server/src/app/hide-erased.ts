import type { ErasedPeriod, Erasures } from '../erasure/index.ts';
import type { HidingRules, History } from '../history/index.ts';
import type { Logger } from '../kernel/index.ts';
import type { Live } from '../live/index.ts';

export interface HideOptions {
  readonly erasures: Erasures;
  readonly history: History;
  readonly live: Live;
  /** How long values are kept that were not erased; asked each time. */
  readonly retention: () => Omit<HidingRules, 'erased'>;
  readonly logger: Logger;
}

/**
 * Keeps what was erased out of the read models: what they hold now, what the log told them again at the start, and what devices send
 * later. Answers the end of it.
 */
export const hideErased = async ({ erasures, history, live, retention, logger }: HideOptions): Promise<() => void> => {
  const hide = (): Promise<void> => history.setHiding({ ...retention(), erased: erasures.periods() });
  const forget = ({ vehicleNo, fromMs, toMs }: ErasedPeriod): void => live.erase(vehicleNo, fromMs, toMs);
  await hide();
  for (const period of erasures.periods()) forget(period);
  const stopHearing = erasures.onErased((period) => {
    forget(period);
    hide().catch((error: unknown) => logger.error('the next merge does not know of an erasure yet', { error }));
  });
  const stopListening = live.listen({
    vehicleChanged: (vehicleNo) => {
      for (const period of erasures.periodsOf(vehicleNo)) forget(period);
    },
  });
  return () => {
    stopHearing();
    stopListening();
  };
};

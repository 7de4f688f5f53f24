import { type ConsentGroup, type Vocabulary, type WarningCode } from '@milepost/contract';
import { openWarnings, warningLimits, type Warnings, WarningWriter } from '../alerts/index.ts';
import type { Erasures } from '../erasure/index.ts';
import type { Clock, Logger } from '../kernel/index.ts';
import { type Live, signalsOfWarning } from '../live/index.ts';
import type { Retention } from '../registry/index.ts';
import type { Storage } from '../storage/index.ts';
import { repeat } from './repeat.ts';

export interface WarningParts {
  readonly storage: Storage;
  readonly retention: Retention;
  readonly vocabulary: Vocabulary;
  readonly erasures: Erasures;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How often rows that are no longer kept are removed; a load that failed is tried again. */
const removeEveryMs = 3_600_000;
const loadAgainMs = 1000;

/** The signals that a rule looks at share one group. */
const makeGroupOf =
  (vocabulary: Vocabulary) =>
  (code: WarningCode): ConsentGroup =>
    vocabulary.byNumber(signalsOfWarning(code)[0] ?? 0)?.group ?? 'warnings';

/** The log of warnings for who reads it. What is erased, or older than it is kept, is hidden at once. */
export const openWarningLog = ({ storage, retention, vocabulary, erasures, clock, logger }: WarningParts): Promise<Warnings> => {
  const groupOf = makeGroupOf(vocabulary);
  return openWarnings({
    storage,
    groupOf,
    isHidden: (vehicleNo, code, raisedMs, endedMs) =>
      erasures.isErased(vehicleNo, raisedMs) ||
      (endedMs !== null && endedMs < retention.keptFromMs(vehicleNo, groupOf(code), clock.now())),
    clock,
    logger,
  });
};

export interface KeepWarningsOptions extends WarningParts {
  readonly live: Live;
  /** Vehicles of this process. */
  readonly owns: (vehicleNo: number) => boolean;
  /** Nothing is written before: what the log tells again is known. */
  readonly caughtUp: Promise<void>;
}

/** Writes the log of warnings as `live` has them. Answers the end of it, which waits for a write that is under way. */
export const keepWarnings = (options: KeepWarningsOptions): (() => Promise<void>) => {
  const { storage, live, retention, vocabulary, erasures, owns, caughtUp, clock, logger } = options;
  const groupOf = makeGroupOf(vocabulary);
  const writer = new WarningWriter({
    storage,
    source: {
      active: (vehicleNo) => live.activeWarnings(vehicleNo),
      lookedAt: (vehicleNo, code) => live.warningLookedAt(vehicleNo, code),
      vehicles: () => live.knownVehicles(),
    },
    owns,
    keptFromMs: (vehicleNo, code, nowMs) => retention.keptFromMs(vehicleNo, groupOf(code), nowMs),
    keptByAllFromMs: (nowMs) => nowMs - retention.shortestMs(),
    clock,
    logger,
  });
  const closers: (() => void)[] = [];
  let isClosed = false;
  const failed = (error: unknown): void => logger.warn('warnings that are no longer kept could not be removed', { error });
  const begin = (): void => {
    writer.load().then(follow, (error: unknown) => {
      logger.warn('the log of warnings cannot be read; it is tried again', { error });
      if (!isClosed) closers.push(clock.after(loadAgainMs, begin));
    });
  };
  const follow = (): void => {
    if (isClosed) return;
    closers.push(
      repeat(clock, warningLimits.writeEveryMs, () => void writer.flush()),
      repeat(clock, removeEveryMs, () => void writer.removeOld().catch(failed)),
      erasures.onErased(() => void writer.erase().catch(failed)),
      retention.onChange(() => void writer.removeOld().catch(failed)),
    );
    void writer.removeOld().catch(failed);
  };
  closers.push(live.listen({ warningsChanged: (vehicleNo) => writer.touch(vehicleNo) }));
  caughtUp.then(
    () => {
      if (!isClosed) begin();
    },
    () => {},
  );
  return async () => {
    isClosed = true;
    for (const close of closers) close();
    await writer.close();
  };
};

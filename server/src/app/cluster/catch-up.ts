import type { Erasures } from '../../erasure/index.ts';
import type { EventLog, LogPosition } from '../../eventlog/index.ts';
import { type Clock, shareNext } from '../../kernel/index.ts';
import type { Registry } from '../../registry/index.ts';
import type { Projection } from '../projection.ts';

export const catchUpLimits = {
  /** How long a request waits for what other processes acknowledged before; then it is answered with what is there, and says `completeTo`. */
  waitMs: 250,
} as const;

export interface CatchUpParts {
  readonly log: Pick<EventLog, 'learnEnds' | 'endOffset' | 'partitions'>;
  readonly projection: Pick<Projection, 'appliedOffset' | 'attach'>;
  readonly registry: Pick<Registry, 'catchUp'>;
  readonly erasures: Pick<Erasures, 'catchUp'>;
  readonly clock: Clock;
}

const unreached = ({ log, projection }: CatchUpParts): LogPosition[] =>
  log
    .partitions()
    .map((partition) => ({ partition, offset: log.endOffset(partition) }))
    .filter(({ partition, offset }) => projection.appliedOffset(partition) < offset);

/** Resolves when the ends of now are applied, or when `isOver`. */
const reachEnds = (parts: CatchUpParts, isOver: Promise<unknown>): Promise<unknown> => {
  const { projection } = parts;
  const wanted = unreached(parts);
  if (wanted.length === 0) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const detach = projection.attach({
    apply: () => {
      if (wanted.every(({ partition, offset }) => projection.appliedOffset(partition) >= offset)) resolve();
    },
  });
  return Promise.race([promise, isOver]).finally(detach);
};

/**
 * Brings a process that only reads up to what others had acknowledged when it was asked: the registry, the erasures, and the log. What is away is not waited
 * for longer than `waitMs`, and keeps no reader from what is known.
 */
export const makeCatchUp = (parts: CatchUpParts): (() => Promise<void>) => {
  const { log, registry, erasures, clock } = parts;
  const learnEnds = shareNext(() => log.learnEnds());
  return async () => {
    const over = Promise.withResolvers<void>();
    const stopWaiting = clock.after(catchUpLimits.waitMs, over.resolve);
    const reach = learnEnds().then(
      () => reachEnds(parts, over.promise),
      () => undefined,
    );
    await Promise.race([Promise.all([registry.catchUp(), erasures.catchUp(), reach]), over.promise]);
    stopWaiting();
  };
};

import { type Clock, MilepostError, OperationalError } from '../../kernel/index.ts';
import type { Erasures } from '../../erasure/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import { type FollowingModels, openModels } from './assignment.ts';
import type { ClusterParts } from './cluster-parts.ts';

/** The group whose members share the partitions, and under which their applied offsets are told: Kafka's tools show the lag. */
export const projectorGroup = 'projector';
/** Read models that could not be opened are tried again after this long, doubling up to the maximum. */
const openRetryMsMin = 500;
const openRetryMsMax = 5000;

/** One share of the partitions, from when it is given until it is taken back. */
export interface Held {
  readonly partitions: readonly number[];
  /** What the group was told of each. */
  readonly toldOffsets: Map<number, number>;
  /** Undefined while they are being opened. */
  models: FollowingModels | undefined;
  opened: Promise<void>;
  supersededBy: Error | undefined;
  isOver: boolean;
  /** Until the time is over, or the share is taken back. */
  pause(ms: number): Promise<void>;
  end(): void;
}

const makeHeld = (partitions: readonly number[], clock: Clock): Held => {
  let wake = (): void => {};
  const held: Held = {
    partitions,
    toldOffsets: new Map(),
    models: undefined,
    opened: Promise.resolve(),
    supersededBy: undefined,
    isOver: false,
    pause: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.after(ms, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      }),
    end: () => {
      held.isOver = true;
      wake();
    },
  };
  return held;
};

/** The store, or the database, did not answer; an invariant that does not hold is not mended by trying. */
const isWorthAnotherTry = (error: unknown): boolean => error instanceof OperationalError || !(error instanceof MilepostError);

export interface ShareOptions {
  readonly snapshots: SnapshotStore;
  readonly erasures: Erasures;
  /** Another process has begun with partitions that are this one's. */
  readonly superseded: () => void;
}

/** What a projector holds of the log: opened when it is given, given up when it is taken back. */
export interface Share {
  held(): Held | undefined;
  assigned(partitions: readonly number[]): void;
  revoked(isLost: boolean): Promise<void>;
  /** How far it is, for who looks at the lag. */
  tellOffsets(one: Held): Promise<void>;
}

export const makeShare = (parts: ClusterParts, { snapshots, erasures, superseded }: ShareOptions): Share => {
  const { base, log } = parts;
  const { clock, logger, failed } = base;
  let held: Held | undefined;
  const tellOffsets = async ({ partitions, models, toldOffsets }: Held): Promise<void> => {
    for (const partition of partitions) {
      const offset = models?.history.appliedOffset(partition);
      if (offset === undefined || offset === toldOffsets.get(partition)) continue;
      await log.commitConsumer(projectorGroup, { partition, offset });
      toldOffsets.set(partition, offset);
    }
  };

  const open = (one: Held): Promise<FollowingModels> =>
    openModels(parts, {
      role: 'projector',
      partitions: one.partitions,
      isWriter: true,
      snapshots,
      erasures,
      superseded: (error) => {
        logger.warn('another process writes the history of these partitions', { error });
        one.supersededBy = error;
        superseded();
      },
      failed,
    });

  /** The store may be away just now: what is held is opened when it is back. */
  const openAll = async (one: Held): Promise<void> => {
    for (let tries = 0; !one.isOver; tries++) {
      try {
        one.models = await open(one);
        return;
      } catch (error) {
        if (!isWorthAnotherTry(error)) throw error;
        const waitMs = Math.min(openRetryMsMax, openRetryMsMin * 2 ** tries);
        logger.warn('the read models of these partitions cannot be opened; it is tried again', { error, afterMs: waitMs });
        await one.pause(waitMs);
      }
    }
  };

  const assigned = (partitions: readonly number[]): void => {
    const one = makeHeld(partitions, clock);
    held = one;
    one.opened = openAll(one).catch((error: unknown) => {
      if (!one.isOver) failed(error as Error);
    });
  };

  const revoked = async (isLost: boolean): Promise<void> => {
    const one = held;
    held = undefined;
    if (!one) return;
    one.end();
    await one.opened;
    if (!one.models) return;
    const mayWrite = !isLost && !one.supersededBy;
    await one.models.close(!mayWrite);
    if (mayWrite) await tellOffsets(one);
  };

  return { held: () => held, assigned, revoked, tellOffsets };
};

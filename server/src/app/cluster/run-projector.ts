import type { Erasures } from '../../erasure/index.ts';
import type { PartReadiness } from '../../http/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import { enforceRetention } from '../keep-retention.ts';
import type { Closers } from '../open-parts.ts';
import { repeat } from '../repeat.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { type FollowingModels, openModels } from './assignment.ts';

/** The group whose members share the partitions, and under which their applied offsets are told: Kafka's tools show the lag. */
export const projectorGroup = 'projector';
const tellOffsetsEveryMs = 5000;
const enforceEveryMs = 3_600_000;

export interface Projector {
  readiness(): PartReadiness;
  /** Undefined between two assignments. */
  models(): FollowingModels | undefined;
}

/** Keeps the read models of the partitions that are this process's, and writes their history. */
export const runProjector = (
  parts: ClusterParts,
  { snapshots, erasures, closers }: { readonly snapshots: SnapshotStore; readonly erasures: Erasures; readonly closers: Closers },
): Projector => {
  const { base, stored, log } = parts;
  const { clock, logger, failed } = base;
  let current: FollowingModels | undefined;
  let owned: readonly number[] = [];

  const end = async (isLost: boolean): Promise<void> => {
    const models = current;
    current = undefined;
    if (!models) return;
    await models.close(isLost);
    if (!isLost) await tellOffsets(models);
  };

  const tellOffsets = async (models: FollowingModels): Promise<void> => {
    for (const partition of owned) {
      const offset = models.history.appliedOffset(partition);
      if (offset !== undefined) await log.commitConsumer(projectorGroup, { partition, offset });
    }
  };

  const assigned = async (partitions: readonly number[]): Promise<void> => {
    owned = partitions;
    current = await openModels(parts, {
      role: 'projector',
      partitions,
      isWriter: true,
      snapshots,
      erasures,
      superseded: (error) => {
        logger.warn('another process writes the history of these partitions', { error });
        end(true).catch(failed);
      },
      failed,
    });
  };

  const membership = log.join({ group: projectorGroup, assigned, revoked: end, failed });
  closers.add('projector', () => membership.leave());
  closers.add(
    'offsets',
    repeat(clock, tellOffsetsEveryMs, () => {
      if (current)
        tellOffsets(current).catch((error: unknown) => logger.debug('the applied offsets could not be told', { error }));
    }),
  );
  closers.add(
    'retention',
    repeat(clock, enforceEveryMs, () => {
      if (!current) return;
      const { live, history } = current;
      const { retention, vocabulary } = stored;
      enforceRetention({ log, live, history, retention, vocabulary, isHeld: () => false, clock, logger }).catch(
        (error: unknown) => logger.error('retention could not be enforced', { error }),
      );
    }),
  );
  return {
    models: () => current,
    readiness: () => {
      const state = current?.projection.state;
      const detail = current ? `${owned.length} partitions` : 'no partitions yet';
      return { name: 'projector', isReady: state?.isCaughtUp ?? false, detail };
    },
  };
};

import type { Erasures } from '../../erasure/index.ts';
import type { Membership } from '../../eventlog/index.ts';
import type { PartReadiness } from '../../http/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import { enforceRetention } from '../keep-retention.ts';
import type { Closers } from '../open-parts.ts';
import { repeat } from '../repeat.ts';
import type { ClusterParts } from './cluster-parts.ts';
import type { FollowingModels } from './assignment.ts';
import { makeShare, projectorGroup } from './held-share.ts';

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
  const share = makeShare(parts, {
    snapshots,
    erasures,
    // It may not have them any more: shared out anew they are somebody's.
    superseded: () => joinAgain(),
  });
  const models = (): FollowingModels | undefined => share.held()?.models;
  const join = (): Membership => log.join({ group: projectorGroup, ...share, failed });
  let membership = join();
  let isClosing = false;
  let rejoining: Promise<void> = Promise.resolve();
  const joinAgain = (): void => {
    rejoining = rejoining
      .then(async () => {
        await membership.leave();
        if (!isClosing) membership = join();
      })
      .catch(failed);
  };
  closers.add('projector', async () => {
    isClosing = true;
    await rejoining;
    await membership.leave();
  });
  closers.add(
    'offsets',
    repeat(clock, tellOffsetsEveryMs, () => {
      const one = share.held();
      if (one?.models)
        share.tellOffsets(one).catch((error: unknown) => logger.debug('the applied offsets could not be told', { error }));
    }),
  );
  closers.add(
    'retention',
    repeat(clock, enforceEveryMs, () => {
      const current = models();
      if (!current) return;
      const { live, history } = current;
      const { retention, vocabulary } = stored;
      enforceRetention({ log, live, history, retention, vocabulary, isHeld: () => false, clock, logger }).catch(
        (error: unknown) => logger.error('retention could not be enforced', { error }),
      );
    }),
  );
  return {
    models,
    readiness: () => {
      const state = models()?.projection.state;
      const held = share.held();
      const detail = held?.models ? `${held.partitions.length} partitions` : 'no partitions yet';
      return { name: 'projector', isReady: state?.isCaughtUp ?? false, detail };
    },
  };
};

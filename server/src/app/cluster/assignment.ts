import type { Erasures } from '../../erasure/index.ts';
import { physicalPartitionOf } from '../../events/index.ts';
import { openHistory, type ThreadedHistory } from '../../history/index.ts';
import type { ModelFigures } from '../../http/index.ts';
import type { Live } from '../../live/index.ts';
import type { SnapshotStore } from '../../storage/index.ts';
import { keepWarnings } from '../keep-warnings.ts';
import type { AssembledTrips } from '../../trips/index.ts';
import { assembleTripsIn, Closers, hideIn, openTripMarks } from '../open-parts.ts';
import { type Projection, startProjection } from '../projection.ts';
import { unheardAfterMs } from '../server-records.ts';
import { repeat } from '../repeat.ts';
import { type ClusterParts, openSharedLive, sharedHistoryOptions } from './cluster-parts.ts';

/** How often timers of `live` move. */
const tickEveryMs = 250;
/** Of who only writes: silence has its own time in history, whenever it is found. */
const writerTickEveryMs = 1000;

export interface ModelsWanted {
  /** Names the snapshots of live. */
  readonly role: string;
  readonly partitions: readonly number[];
  /** These partitions are written by this process from now on; undefined: others write, this one only reads. */
  readonly isWriter: boolean;
  readonly snapshots: SnapshotStore;
  readonly erasures: Erasures;
  /** Another process writes what this one thought to be its own. */
  readonly superseded?: (error: Error) => void;
  /** The read models cannot follow any more. */
  readonly failed: (error: Error) => void;
}

/** Read models of some partitions, which follow the log. */
export interface FollowingModels {
  readonly live: Live;
  readonly history: ThreadedHistory;
  readonly projection: Projection;
  readonly trips: AssembledTrips;
  lagMs(): number;
  /** Writes what is in memory, unless it is no longer this process's to write. */
  close(isLost: boolean): Promise<void>;
}

/** Who writes the history of a vehicle writes its warnings. */
const keepWarningsOf = (
  { base, stored, log }: ClusterParts,
  { partitions, erasures }: ModelsWanted,
  live: Live,
  { caughtUp }: Projection,
): (() => Promise<void>) => {
  const { clock, logger } = base;
  const count = log.partitions().length;
  const owns = (vehicleNo: number): boolean => partitions.includes(physicalPartitionOf(vehicleNo, count));
  return keepWarnings({ ...stored, erasures, live, owns, caughtUp, clock, logger });
};

export const openModels = async (parts: ClusterParts, wanted: ModelsWanted): Promise<FollowingModels> => {
  const { base, stored, log } = parts;
  const { role, partitions, isWriter, snapshots, erasures, superseded, failed } = wanted;
  const { clock, logger } = base;
  const closers = new Closers();
  let isLost = false;
  try {
    const live = openSharedLive(parts, role, snapshots);
    closers.add('live', () => live.close());
    const options = sharedHistoryOptions(parts);
    const writing = isWriter ? { claimed: partitions, ...(superseded ? { superseded } : {}) } : { isReplica: true };
    const history = await openHistory({ ...options, ...writing });
    closers.add('history', () => (isLost ? history.abandon() : history.close()));
    const warn = (message: string, error: unknown): void => logger.warn(message, { error });
    const marks = await openTripMarks(base, stored, log, history, { partitions, isWriter });
    closers.add('trip marks', () => marks.close(isLost));
    const attached = [marks];
    const projection = await startProjection({
      log,
      live,
      history,
      attached,
      partitions,
      heardWithinMs: unheardAfterMs,
      failed,
      warn,
    });
    closers.add('projection', () => projection.stop());
    closers.add('erasures', await hideIn(base, stored, erasures, { live, history }));
    if (isWriter) closers.add('warnings', keepWarningsOf(parts, wanted, live, projection));
    const trips = assembleTripsIn(base, stored, { history, erasures, marks });
    closers.add('trips', () => trips.close());
    // Not before history has what was noted; when following fails there is nothing to tend.
    if (isWriter) projection.caughtUp.then(() => trips.tend()).catch(() => undefined);
    closers.add(
      'ticks',
      repeat(clock, isWriter ? writerTickEveryMs : tickEveryMs, () => projection.tick(clock.now())),
    );
    return {
      live,
      history,
      projection,
      trips,
      lagMs: () => projection.lagMs(clock.now()),
      close: async (lost) => {
        isLost = lost;
        await closers.closeAll(logger);
      },
    };
  } catch (error) {
    await closers.closeAll(logger);
    throw error;
  }
};

export const modelFigures = (
  models: FollowingModels,
  deadLetters: { readonly count: number; readonly unwritten: number },
  unknownVehicles: () => number = () => 0,
): ModelFigures => ({
  live: models.live,
  history: models.history,
  lagMs: () => models.lagMs(),
  deadLetters: () => deadLetters.count,
  deadLettersUnwritten: () => deadLetters.unwritten,
  unknownVehicles,
});

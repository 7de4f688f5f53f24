import path from 'node:path';
import { openErasures } from '../../erasure/index.ts';
import { openChunkStore } from '../../history/adapters/sqlite/index.ts';
import { CallerError } from '../../kernel/index.ts';
import type { StatusTimeouts } from '../../live/index.ts';
import type { PostgresConfig } from '../../storage/index.ts';
import { connectControl } from '../control-socket.ts';
import { type Base, Closers, openLog, openRegistered, type Registered } from '../open-parts.ts';
import { swapFolder } from '../swap-folder.ts';
import { readVersion } from '../version.ts';
import { pointFromJson, type PointJson } from './point-json.ts';
import type { RebuildEnd } from './rebuild-state.ts';
import { buildFolderOf, type Compared, type Progress, type RebuildPoint, type RebuiltModel } from './types.ts';

/** What the server answers to `rebuild begin`. */
export interface RebuildBegun {
  readonly version: string;
  readonly database: PostgresConfig;
  readonly timeouts: StatusTimeouts;
  readonly diskReserveMib: number;
  readonly point: PointJson;
}

/** What a rebuild is made from, and who puts its result in place: a running server, or the data folder of one that is stopped. */
export interface RebuildSource {
  readonly isRunning: boolean;
  readonly point: RebuildPoint;
  readonly timeouts: StatusTimeouts;
  readonly diskReserveMib: number;
  openRegistered(closers: Closers): Promise<Pick<Registered, 'registry' | 'vocabulary'>>;
  progress(progress: Progress): void;
  /** Where the log ends now. */
  end(): Promise<number>;
  /** Where the new model has to stand when it is put in place. */
  handover(): Promise<number>;
  /** The server ended meanwhile, or wants no more of it: what was built is worth nothing. */
  isLost(): boolean;
  /** Tells what the comparison found. */
  compared(compared: readonly Compared[]): Promise<void>;
  /** Answers where the old one lies. */
  putIn(): Promise<string>;
  /** Tells how it ended without being put in place. */
  ended(end: RebuildEnd): Promise<void>;
  release(): Promise<void>;
}

export const runningSource = async (base: Base, model: RebuiltModel): Promise<RebuildSource> => {
  const control = await connectControl(base.folder.root);
  let isCancelled = false;
  try {
    const begun = (await control.ask('rebuild begin', { model: model.name, pid: process.pid })) as RebuildBegun;
    const version = await readVersion();
    if (begun.version !== version)
      throw new CallerError('bad_request', `the server is of version ${begun.version}, this program of ${version}`);
    return {
      isRunning: true,
      point: pointFromJson(begun.point),
      timeouts: begun.timeouts,
      diskReserveMib: begun.diskReserveMib,
      openRegistered: (closers) => openRegistered(base, closers, begun.database),
      // Whoever builds does not wait for it; that the server has ended is seen by the next question.
      progress: (progress) => {
        const heard = (answer: unknown): void => void (isCancelled ||= (answer as { isCancelled: boolean }).isCancelled);
        control.ask('rebuild progress', progress).then(heard, () => undefined);
      },
      end: async () => (await control.ask('rebuild end')) as number,
      handover: async () => (await control.ask('rebuild handover')) as number,
      isLost: () => isCancelled || control.isEnded(),
      compared: async (compared) => void (await control.ask('rebuild compared', { compared })),
      putIn: async () => (await control.ask('rebuild put in')) as string,
      ended: async (end) => void (await control.ask('rebuild ended', end)),
      release: () => {
        control.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    control.close();
    throw error;
  }
};

/** What is on disk of a server that was stopped or killed; its lock is held by the caller. */
const stoppedPoint = async (base: Base, registered: Registered): Promise<RebuildPoint> => {
  const { folder, clock, logger } = base;
  const closers = new Closers();
  const log = await openLog(base, closers);
  const [startOffset, endOffset] = [log.startOffset(0), log.endOffset(0)];
  await closers.closeAll(logger);
  const history = await openChunkStore({ folder: folder.history }, 'write');
  const applied = (await history.appliedOffset(0)) ?? 0;
  await history.close();
  const { storage, registry, retention } = registered;
  const erasures = await openErasures({ storage, registry, file: folder.ledger, clock, logger });
  const erased = erasures.periods();
  await erasures.close();
  return {
    startOffset,
    // Of a history that was lost nothing can be compared: it is made from all of the log.
    offset: applied > startOffset ? applied : endOffset,
    nowMs: clock.now(),
    rules: { standard: retention.standard, byVehicle: retention.byVehicle, erased },
  };
};

export const stoppedSource = async (base: Base, model: RebuiltModel, closers: Closers): Promise<RebuildSource> => {
  const { configuration, folder } = base;
  const registered = await openRegistered(base, closers);
  const point = await stoppedPoint(base, registered);
  return {
    isRunning: false,
    point,
    timeouts: { lateAfterMs: configuration.lateAfterSeconds * 1000, offlineAfterMs: configuration.offlineAfterSeconds * 1000 },
    diskReserveMib: configuration.diskReserveMib,
    openRegistered: () => Promise.resolve(registered),
    progress: () => {},
    end: () => Promise.resolve(point.offset),
    handover: () => Promise.resolve(point.offset),
    isLost: () => false,
    compared: () => Promise.resolve(),
    ended: () => Promise.resolve(),
    putIn: () => swapFolder(folder.root, model.folder, buildFolderOf(model.folder), base.clock.now()),
    release: () => Promise.resolve(),
  };
};

export interface Place {
  readonly oldFolder: string;
  readonly newFolder: string;
}

export const placeOf = (root: string, model: RebuiltModel): Place => ({
  oldFolder: path.join(root, model.folder),
  newFolder: path.join(root, buildFolderOf(model.folder)),
});

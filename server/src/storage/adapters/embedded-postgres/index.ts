import { chown, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock, Logger } from '../../../kernel/index.ts';
import type { PostgresConfig } from '../../types.ts';
import { type FolderLock, lockFile } from '../folder-lock.ts';
import { findPostgresPackage, type PostgresPackage, provideBinaries } from './binaries.ts';
import { chooseUser, databaseName, loginRole, nobody, prepareCluster } from './cluster.ts';
import { removeSocketFolder, stopLeftover } from './leftover.ts';
import { type Postmaster, startPostmaster } from './postmaster.ts';
import type { RunAs } from './run.ts';
import { makeSocketFolder } from './socket-folder.ts';

/** After the server ended by itself: how long to wait before each next start; the last one repeats. */
const restartDelaysMs = [100, 500, 2000, 5000] as const;

export interface EmbeddedPostgresOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another place of the programs, for tests. */
  readonly package?: PostgresPackage;
}

export interface EmbeddedPostgres {
  /** For `openStorage`. The role owns the database and is no superuser. */
  readonly config: PostgresConfig;
  /** Of the running server; undefined while it is started again. */
  pid(): number | undefined;
  /** Fast shutdown; at most some ten seconds. Idempotent. */
  stop(): Promise<void>;
}

interface Place {
  readonly cluster: string;
  readonly socketFolder: string;
  readonly runAs: RunAs | undefined;
  readonly native: string;
}

/** Keeps a server running: starts it again when it ended by itself. */
const supervise = (place: Place, first: Postmaster, { clock, logger }: EmbeddedPostgresOptions) => {
  let current: Postmaster | undefined;
  let isStopping = false;
  let failures = 0;
  let starting: Promise<void> = Promise.resolve();
  const watch = (server: Postmaster): void => {
    current = server;
    void server.ended.then((why) => {
      current = undefined;
      if (isStopping) return;
      logger.error('PostgreSQL ended by itself: starting it again', { why });
      startLater();
    });
  };
  const startLater = (): void => {
    const delayMs = restartDelaysMs[Math.min(failures, restartDelaysMs.length - 1)] as number;
    clock.after(delayMs, () => void (starting = startAgain()));
  };
  const startAgain = async (): Promise<void> => {
    if (isStopping) return;
    try {
      // Children outlive a killed parent by a moment, and PostgreSQL refuses to start beside them.
      await stopLeftover(place.cluster, logger);
      const server = await startPostmaster({ ...place, logger, socketFolder: await makeAgain(place.socketFolder, place.runAs) });
      failures = 0;
      watch(server);
    } catch (error) {
      failures++;
      logger.error('PostgreSQL could not be started again', { error });
      if (!isStopping) startLater();
    }
  };
  watch(first);
  return {
    pid: () => current?.pid,
    stop: async () => {
      isStopping = true;
      await starting;
      await current?.stop();
    },
  };
};

/** `stopLeftover` has removed the folder that the pid file named; connections keep the address they were given. */
const makeAgain = async (folder: string, runAs: RunAs | undefined): Promise<string> => {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (runAs) await chown(folder, runAs.uid, runAs.gid);
  return folder;
};

const startLocked = async (folder: string, lock: FolderLock, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const cluster = join(folder, 'cluster');
  const runAs = await chooseUser(cluster);
  const native = await provideBinaries(options.package ?? (await findPostgresPackage()), runAs, folder);
  await stopLeftover(cluster, options.logger);
  await stopLeftover(`${cluster}.new`, options.logger);
  const { password } = await prepareCluster(cluster, join(options.dataFolder, 'secrets', 'postgres-password'), { native, runAs });
  const socketFolder = await makeSocketFolder(runAs);
  const place: Place = { cluster, socketFolder, runAs, native };
  const first = await startPostmaster({ ...place, logger: options.logger }).catch(async (error: unknown) => {
    await removeSocketFolder(socketFolder);
    throw error;
  });
  const supervisor = supervise(place, first, options);
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await removeSocketFolder(socketFolder);
    lock.release();
  };
  let stopped: Promise<void> | undefined;
  return {
    config: { host: socketFolder, port: 5432, user: loginRole, password, database: databaseName },
    pid: supervisor.pid,
    stop: () => (stopped ??= stop()),
  };
};

/**
 * Starts PostgreSQL with its cluster in `<data folder>/postgres`; makes it at the first start. Reached by a socket in a private
 * folder only, never by TCP. Throws `unavailable` with what to do.
 */
export const startEmbeddedPostgres = async (given: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const options = { ...given, dataFolder: resolve(given.dataFolder) };
  const folder = join(options.dataFolder, 'postgres');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const lock = lockFile(join(folder, 'supervisor.lock'));
  try {
    return await startLocked(folder, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
};

/** Keeps anybody from starting the cluster, and ends what a killed server left running in it: its folder can be copied as it lies. */
export const holdStoppedCluster = async (dataFolder: string, logger: Logger): Promise<FolderLock> => {
  const folder = join(resolve(dataFolder), 'postgres');
  const lock = lockFile(join(folder, 'supervisor.lock'));
  try {
    await stopLeftover(join(folder, 'cluster'), logger);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
};

/** Who must own the folder of a cluster that this user puts there; undefined: the user itself. */
export const clusterOwner = (): RunAs | undefined => (process.getuid?.() === 0 ? nobody : undefined);

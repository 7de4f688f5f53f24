import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BackupSource, ConsistentPoint } from '../backup/index.ts';
import { type Clock, type Logger, MilepostError } from '../kernel/index.ts';
import { holdStoppedCluster } from '../storage/adapters/embedded-postgres/index.ts';
import { type FolderLock, lockDataFolder } from '../storage/adapters/folder-lock.ts';
import type { HoldBegun, HoldEnd } from './backup-hold.ts';
import { connectControl } from './control-socket.ts';

/** A running server: it goes on, and is asked over the control socket. */
const runningSource = async (dataFolder: string): Promise<BackupSource> => {
  const control = await connectControl(dataFolder);
  return {
    isLive: true,
    begin: async () => (await control.ask('backup begin')) as HoldBegun,
    cut: async () => (await control.ask('backup cut')) as ConsistentPoint,
    end: async () => (await control.ask('backup end')) as HoldEnd,
    release: () => {
      control.close();
      return Promise.resolve();
    },
  };
};

/** A stopped one: its locks are held, so that nothing starts meanwhile; a database that a kill left running is ended. */
const stoppedSource = (dataFolder: string, lock: FolderLock, clock: Clock, logger: Logger, isOutside: boolean): BackupSource => {
  let cluster: FolderLock | undefined;
  return {
    isLive: false,
    begin: async () => {
      if (isOutside || !existsSync(path.join(dataFolder, 'postgres', 'cluster'))) return { database: 'outside' };
      cluster = await holdStoppedCluster(dataFolder, logger);
      return { database: 'embedded' };
    },
    cut: () => Promise.resolve({ at: new Date(clock.now()).toISOString(), log: [] }),
    end: () => Promise.resolve({}),
    release: () => {
      cluster?.release();
      lock.release();
      return Promise.resolve();
    },
  };
};

/** Whoever has the lock of the folder decides which of the two it is. */
export const openBackupSource = async (
  dataFolder: string,
  clock: Clock,
  logger: Logger,
  isOutside: boolean,
): Promise<BackupSource> => {
  let lock: FolderLock;
  try {
    lock = lockDataFolder(dataFolder);
  } catch (error) {
    if (!(error instanceof MilepostError)) throw error;
    return runningSource(dataFolder);
  }
  return stoppedSource(dataFolder, lock, clock, logger, isOutside);
};

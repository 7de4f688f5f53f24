import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger, systemClock } from '../../kernel/index.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../adapters/embedded-postgres/index.ts';
import { openStorage } from '../store.ts';
import type { Storage } from '../types.ts';

export interface TestStorage {
  readonly storage: Storage;
  readonly postgres: EmbeddedPostgres;
  readonly folder: string;
  /** Another process's view: a pool of its own on the same database. */
  openAnother(): Promise<Storage>;
  close(): Promise<void>;
}

export const makeTestFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `milepost-${name}-`));

/** A real PostgreSQL with all tables in a folder of its own, removed on close. Takes one to two seconds. */
export const openTestStorage = async (name: string, logger: Logger = silentLogger): Promise<TestStorage> => {
  const folder = await makeTestFolder(name);
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, clock: systemClock, logger });
  const open = (): Promise<Storage> => openStorage({ config: postgres.config, clock: systemClock, logger });
  const opened: Storage[] = [await open()];
  return {
    storage: opened[0] as Storage,
    postgres,
    folder,
    openAnother: async () => {
      const another = await open();
      opened.push(another);
      return another;
    },
    close: async () => {
      await Promise.all(opened.map((storage) => storage.close()));
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

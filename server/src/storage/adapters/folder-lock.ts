import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationalError } from '../../kernel/index.ts';

export interface FolderLock {
  release(): void;
}

const ownerOf = (database: DatabaseSync): string => {
  try {
    const row = database.prepare('select pid from owner').get() as { pid: number } | undefined;
    return row ? `the process ${row.pid}` : 'another process';
  } catch {
    return 'another process';
  }
};

/**
 * Takes a lock file for as long as this process lives; throws `unavailable` at once when another process has it.
 * Node has no flock. SQLite's write lock is one of the kernel's, so it vanishes with its process however that
 * ends, holds between containers that share the disk, and cannot be left over.
 */
export const lockFile = (path: string): FolderLock => {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('begin immediate');
    database.exec('create table if not exists owner (pid integer)');
    database.exec('delete from owner');
    database.prepare('insert into owner values (?)').run(process.pid);
    database.exec('commit; begin immediate');
  } catch (cause) {
    const owner = ownerOf(database);
    database.close();
    throw new OperationalError('unavailable', `${dirname(path)} is in use by ${owner}: one server at a time`, { cause });
  }
  return { release: () => database.close() };
};

/** The lock of a whole data folder. */
export const lockDataFolder = (dataFolder: string): FolderLock => lockFile(`${dataFolder}/milepost.lock`);

import { DatabaseSync } from 'node:sqlite';
import { OperationalError } from '../../../kernel/index.ts';
import { createSchema, fileVersion, schemaVersion, type Upgrades } from './schema.ts';

const busyTimeoutMs = 10_000;
const pageBytes = 1024;
/** A large flush makes a long write-ahead log; it is cut back to this when it has been taken over. */
const walBytesKept = 1024 * 1024;

export type FileMode = 'write' | 'read';

/**
 * Opens one file. Writing creates it; reading answers undefined while it has no content yet (its writer is just making it).
 * A file of an older version is brought to this one by its writer.
 * synchronous=FULL: a commit has reached the disk before the applied offset is written anywhere.
 */
export const openDatabase = (
  path: string,
  mode: FileMode,
  applicationId: number,
  schema: string,
  upgrades: Upgrades,
): DatabaseSync | undefined => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    if (mode === 'write')
      db.exec(
        `PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${walBytesKept}`,
      );
    const found = fileVersion(db);
    if (found.version === 0 && mode === 'read') {
      db.close();
      return undefined;
    }
    if (found.version === 0) createSchema(db, applicationId, schema);
    else if (upgrades[found.version] !== undefined && found.applicationId === applicationId && mode === 'write')
      createSchema(db, applicationId, upgrades[found.version] as string);
    else if (found.version !== schemaVersion || found.applicationId !== applicationId) {
      throw new OperationalError(
        'unavailable',
        `${path} is of kind ${found.applicationId}, version ${found.version}; this server reads version ${schemaVersion}`,
      );
    }
    if (mode === 'read') db.exec('PRAGMA query_only = 1; PRAGMA mmap_size = 268435456');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Version of a file's tables, 0: it has none yet. */
export const versionOf = (path: string): number => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    return fileVersion(db).version;
  } finally {
    db.close();
  }
};

import { open } from 'node:fs/promises';
import { backup, DatabaseSync } from 'node:sqlite';
import { sqliteBusyMs, sqlitePagesAtOnce } from './limits.ts';

const magic = 'SQLite format 3\0';

/** By its first bytes, not by its name. An empty file is one that its owner is just making. */
export const isSqlite = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(magic.length);
    const { bytesRead } = await handle.read(head, 0, magic.length, 0);
    return bytesRead === magic.length && head.toString('latin1') === magic;
  } finally {
    await handle.close();
  }
};

/**
 * Copies a SQLite file as of one moment, while others write to it: the copy is made inside of a reading transaction, and what is still
 * in the write-ahead log beside the file is in the copy itself.
 */
export const copySqlite = async (from: string, to: string): Promise<void> => {
  const source = new DatabaseSync(from, { timeout: sqliteBusyMs });
  try {
    source.exec('BEGIN');
    // The transaction begins with the first reading.
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(source, to, { rate: sqlitePagesAtOnce });
    source.exec('COMMIT');
  } finally {
    source.close();
  }
};

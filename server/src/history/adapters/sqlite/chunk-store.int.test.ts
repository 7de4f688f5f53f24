import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { testChunkStore } from '../../chunk-store.contract.ts';
import { openChunkStore, SqliteChunkStore } from './open-chunk-store.ts';

testChunkStore('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chunk-store-'));
  return {
    open: (mode) => openChunkStore({ folder, groups: 3, openFilesMax: 2 }, mode),
    remove: () => rm(folder, { recursive: true }),
  };
});

const withFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'chunk-store-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

test('the number of groups is fixed when the store is made', () =>
  withFolder(async (folder) => {
    await new SqliteChunkStore({ folder, groups: 2 }, 'write').close();
    assert.throws(() => new SqliteChunkStore({ folder, groups: 4 }, 'write'), /2 partition groups/);
    await new SqliteChunkStore({ folder }, 'write').close();
  }));

test('a file of a later version is refused, and nothing is changed in it', () =>
  withFolder(async (folder) => {
    await new SqliteChunkStore({ folder }, 'write').close();
    const db = new DatabaseSync(join(folder, 'store.sqlite'));
    db.exec('PRAGMA user_version = 2');
    db.close();
    assert.throws(() => new SqliteChunkStore({ folder }, 'write'), /version 2; this server reads version 1/);
  }));

test('no more files are open than allowed, however many months are written', () =>
  withFolder(async (folder) => {
    const store = new SqliteChunkStore({ folder, groups: 1, openFilesMax: 2 }, 'write');
    const statusChanges = Array.from(
      { length: 12 },
      (_, month) => ({ vehicleNo: 1, at: Date.UTC(2026, month, 5), from: 'late', to: 'offline', reason: 'silent' }) as const,
    );
    await store.write({ partition: 0, fromOffset: 0, appliedOffset: 1, completeTo: 1, chunks: [], statusChanges });
    const open = (await readdir('/proc/self/fd').catch(() => [])).length;
    const found = await store.readStatus({ vehicleNos: [1], fromMs: 0, toMs: Date.UTC(2027, 0), limit: 100 });
    assert.equal(found.length, 12);
    assert.equal((await readdir(folder)).filter((name) => name.endsWith('.sqlite')).length, 13);
    const openAfter = (await readdir('/proc/self/fd').catch(() => [])).length;
    assert.ok(openAfter <= open + 2, `${openAfter} descriptors, ${open} before`);
    await store.close();
  }));

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { testChunkStore } from '../../chunk-store.contract.ts';
import { testClaims } from '../../claims.contract.ts';
import { encodeChunk } from '../../encode-chunk.ts';
import { testScans } from '../../fleet/scans.contract.ts';
import { addToTable } from '../../flush-table.ts';
import { MergePass } from '../../merge-pass.ts';
import type { ChunkPart, ChunkStore, StoredChunk } from '../../ports.ts';
import { RowTable } from '../../row-table.ts';
import { encodeTestReport } from '../../test-support.ts';
import type { ContractStore } from '../../testing/contract-store.ts';
import { openChunkStore, SqliteChunkStore } from './open-chunk-store.ts';
import { fileVersion, schemaVersion, storeApplicationId } from './schema.ts';

const makeStore = async (): Promise<ContractStore> => {
  const folder = await mkdtemp(join(tmpdir(), 'chunk-store-'));
  return {
    open: (mode) => openChunkStore({ folder, groups: 3, openFilesMax: 2 }, mode),
    remove: () => rm(folder, { recursive: true }),
  };
};
testChunkStore('SQLite', makeStore);
testClaims('SQLite', makeStore);
testScans('SQLite', makeStore);

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
    db.exec('PRAGMA user_version = 4');
    db.close();
    assert.throws(() => new SqliteChunkStore({ folder }, 'write'), /version 4; this server reads version 3/);
  }));

test('a file whose tables are made while it is looked at has none yet, or all', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'store.sqlite');
    const reader = new DatabaseSync(path);
    const read = DatabaseSync.prototype.prepare.bind(reader);
    let isMade = false;
    reader.prepare = (sql) => {
      const row = read(sql).get();
      if (!isMade) void new SqliteChunkStore({ folder }, 'write').close();
      isMade = true;
      return Object.assign(read(sql), { get: () => row });
    };
    const { version, applicationId } = fileVersion(reader);
    assert.ok(version === 0 || applicationId === storeApplicationId, `version ${version} of kind ${applicationId}`);
    assert.deepEqual(fileVersion(reader), { version: schemaVersion, applicationId: storeApplicationId });
    reader.close();
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

const makeAChunk = (): Uint8Array => {
  const time = Date.UTC(2026, 0, 5);
  const record = encodeTestReport({ vehicleNo: 1, deviceNo: 1, receivedAt: time, samples: [{ time, values: [[7, 1]] }] });
  const table = new RowTable();
  addToTable(table, record, new DataView(record.buffer), 0, record.length);
  table.finish();
  return encodeChunk(table, 0, 1);
};
const aChunk = makeAChunk();

const allOf = async (store: ChunkStore, vehicleNo: number, part?: ChunkPart): Promise<StoredChunk[]> => {
  const chunks: StoredChunk[] = [];
  for await (const chunk of store.read(vehicleNo, 0, Number.MAX_SAFE_INTEGER, part)) chunks.push(chunk);
  return chunks;
};

const unpackGolden = async (version: 1 | 2, folder: string): Promise<void> => {
  for (const name of ['store.sqlite', 'month-2026-11-0000.sqlite']) {
    const packed = await readFile(new URL(`../../golden/store-v${version}/${name}.gz`, import.meta.url));
    await writeFile(join(folder, name), gunzipSync(packed));
  }
};

test('a store of version 2, whose merged chunks lie in one piece, is read and merged on', () =>
  withFolder(async (folder) => {
    await unpackGolden(2, folder);
    const store = new SqliteChunkStore({ folder }, 'write');
    const reader = new SqliteChunkStore({ folder }, 'read');
    const shape = (chunks: readonly StoredChunk[]): unknown => chunks.map(({ level, rows, isCut }) => [level > 0, rows, isCut]);
    assert.deepEqual(shape(await allOf(reader, 1, 'start')), [
      [true, 1024, undefined],
      [true, 1024, undefined],
      [true, 452, undefined],
      [false, 100, undefined],
    ]);
    const merging = new MergePass(store);
    while (await merging.step(Date.UTC(2027, 1)));
    // The last one was not full and was made anew: it lies in two columns now.
    assert.deepEqual(shape(await allOf(reader, 1, 'start')), [
      [true, 1024, undefined],
      [true, 1024, undefined],
      [true, 552, true],
    ]);
    assert.deepEqual(shape(await allOf(reader, 1)), [
      [true, 1024, undefined],
      [true, 1024, undefined],
      [true, 552, undefined],
    ]);
    await reader.close();
    await store.close();
  }));

test('a store of version 1 is brought to this version, read, and merged', () =>
  withFolder(async (folder) => {
    await unpackGolden(1, folder);
    const store = new SqliteChunkStore({ folder }, 'write');
    const reader = new SqliteChunkStore({ folder }, 'read');
    const before = await allOf(reader, 2);
    assert.deepEqual([before.length, before.reduce((sum, { rows }) => sum + rows, 0)], [3, 20]);
    const [unit] = await store.mergeUnits();
    assert.deepEqual([unit?.flushes, unit?.flushedChunks, unit?.flushedRows, unit?.vehicleNoMax], [3, 9, 60, 3]);
    const merging = new MergePass(store);
    while (await merging.step(Date.UTC(2027, 1)));
    const after = await allOf(reader, 2);
    assert.deepEqual([after.length, after[0]?.rows, after[0]?.level, merging.counts.conflicts], [1, 20, 1, 0]);
    assert.equal((await reader.readStatus({ vehicleNos: [1], fromMs: 0, toMs: Date.UTC(2027, 1), limit: 9 })).length, 3);
    await reader.close();
    await store.close();
  }));

test('a flush that a crash cut off between two files is not merged before it is complete', () =>
  withFolder(async (folder) => {
    let filesLeft = 1;
    const afterFile = (): void => {
      if (--filesLeft < 0) throw new Error('crash');
    };
    const statusChanges = [1, 2, 3, 4].map(
      (vehicleNo) => ({ vehicleNo, at: Date.UTC(2026, 0, 5), from: 'late', to: 'offline', reason: 'silent' }) as const,
    );
    const chunks = [1, 2, 3, 4].map((vehicleNo) => ({
      vehicleNo,
      bucket: 56 * 12,
      firstOffset: vehicleNo,
      level: 0,
      fromMs: Date.UTC(2026, 0, 5),
      toMs: Date.UTC(2026, 0, 5),
      rows: 1,
      bytes: Uint8Array.from(aChunk),
    }));
    const flush = { partition: 0, fromOffset: 0, appliedOffset: 10, completeTo: 1, chunks, statusChanges };
    const first = new SqliteChunkStore({ folder, groups: 4, afterFile }, 'write');
    await assert.rejects(first.write(flush), /crash/);
    await first.close();
    filesLeft = 100;
    const again = new SqliteChunkStore({ folder, groups: 4, afterFile }, 'write');
    const waiting = await again.mergeUnits();
    assert.equal(waiting.length > 0 && waiting.every(({ flushes }) => flushes === 0), true);
    await again.write(flush);
    assert.equal(
      (await again.mergeUnits()).reduce((sum, { flushedChunks }) => sum + flushedChunks, 0),
      4,
    );
    await again.close();
  }));

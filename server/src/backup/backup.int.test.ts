import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { OperationalError, silentLogger, systemClock } from '../kernel/index.ts';
import { clusterOwner, startEmbeddedPostgres } from '../storage/adapters/embedded-postgres/index.ts';
import { openStorage } from '../storage/index.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import type { BackupSource } from './types.ts';

const clock = systemClock;
const logger = silentLogger;
const logFiles = { list: () => Promise.resolve([]), written: () => new Map<string, string>() };

const openDatabase = async (dataFolder: string) => {
  const postgres = await startEmbeddedPostgres({ dataFolder, clock, logger });
  const storage = await openStorage({ config: postgres.config, clock, logger });
  const client = new pg.Client({ ...postgres.config });
  client.on('error', () => {});
  await client.connect();
  return {
    client,
    storage,
    config: postgres.config,
    close: async () => {
      await client.end();
      await storage.close();
      await postgres.stop();
    },
  };
};

type Database = Awaited<ReturnType<typeof openDatabase>>;

/** Fills several files of the write-ahead log and then makes a checkpoint, after which files that nobody holds are given up. */
const writeAndCheckpoint = async ({ client, config }: Database): Promise<void> => {
  await client.query(`insert into filler select i, repeat(md5(i::text), 40) from generate_series(1, 20000) i`);
  const other = new pg.Client({ ...config });
  await other.connect();
  await other.query(`select pg_backup_start('another', true)`);
  await other.end();
};

const restoreInto = (backup: string, target: string) =>
  restoreBackup({
    backup,
    target,
    isForced: false,
    clusterOwner: clusterOwner(),
    joinLedgers: () => Promise.resolve(),
    nowMs: () => clock.now(),
  });

test('PostgreSQL is written to while it is copied: the copy opens with all that was committed before the end, and nothing half', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'milepost-backup-'));
  const [data, backup, target] = ['data', 'backup', 'restored'].map((name) => path.join(place, name)) as [string, string, string];
  const database = await openDatabase(data);
  try {
    const { client, storage } = database;
    await client.query('create table filler (i int, text text); create table pairs (i int primary key, side int)');
    let held: Awaited<ReturnType<typeof storage.startBackup>> | undefined;
    let pairs = 0;
    const addPair = async (): Promise<void> => {
      pairs++;
      await client.query(`insert into pairs values (${pairs * 2}, 0), (${pairs * 2 + 1}, 1)`);
    };
    const source: BackupSource = {
      isLive: true,
      begin: async () => {
        held = await storage.startBackup();
        await addPair();
        await writeAndCheckpoint(database);
        return { database: 'embedded', startLsn: held.startLsn };
      },
      cut: async () => {
        await addPair();
        return { at: new Date(clock.now()).toISOString(), log: [] };
      },
      end: async () => {
        // The folder has been copied: this is in the write-ahead log alone.
        await writeAndCheckpoint(database);
        await addPair();
        const stopped = await held?.stop();
        assert.ok(stopped && stopped.walFiles.length >= 3, `${stopped?.walFiles.length} files of the write-ahead log`);
        await addPair();
        return { stopped };
      },
      release: async () => held?.release(),
    };
    const options = { dataFolder: data, target: backup, source, logFiles, program: 'test', nowMs: () => clock.now() };
    await createBackup(options);
    assert.equal(pairs, 4);

    await restoreInto(backup, target);
    const copy = await openDatabase(target);
    const { rows } = await copy.client.query<{ count: string; sum: string }>('select count(*), sum(side) from pairs');
    assert.deepEqual(rows[0], { count: '6', sum: '3' });
    const filler = await copy.client.query<{ count: string }>('select count(*) from filler');
    assert.equal(filler.rows[0]?.count, '40000');
    await copy.close();

    // Nothing is left of the backup: the next one can begin.
    const next = await storage.startBackup();
    await next.release();
    const slots = await client.query('select slot_name from pg_replication_slots where not active');
    assert.deepEqual(slots.rows, []);
  } finally {
    await database.close();
    await rm(place, { recursive: true, force: true });
  }
});

test('a backup that fails on its way leaves nothing behind', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'milepost-backup-'));
  try {
    let isReleased = false;
    const source: BackupSource = {
      isLive: true,
      begin: () => Promise.resolve({ database: 'outside' }),
      cut: () => Promise.reject(new OperationalError('unavailable', 'the server has ended meanwhile')),
      end: () => Promise.resolve({}),
      release: () => {
        isReleased = true;
        return Promise.resolve();
      },
    };
    const data = await mkdtemp(path.join(place, 'data-'));
    const target = path.join(place, 'backup');
    const options = { dataFolder: data, target, source, logFiles, program: 'test', nowMs: () => clock.now() };
    await assert.rejects(createBackup(options), /has ended meanwhile/);
    assert.ok(isReleased);
    await assert.rejects(restoreInto(target, path.join(place, 'restored')), /is no backup/);
    await assert.rejects(createBackup({ ...options, target: path.join(data, 'inside') }), /lies in the data folder itself/);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { pack } from 'tar-stream';
import { packBackup, unpackBackup } from './archive.ts';
import { isClusterTransient, isTransient } from './data-folder-parts.ts';
import { isInside, readManifest, writeManifest } from './manifest.ts';
import { restoreBackup } from './restore-backup.ts';
import type { Manifest } from './types.ts';
import { verifyBackup } from './verify-backup.ts';

const place = await mkdtemp(path.join(tmpdir(), 'milepost-manifest-'));
after(() => rm(place, { recursive: true, force: true }));
const golden = path.join(import.meta.dirname, 'golden', 'backup-v1');

test('a backup of version 1 is read, and restored with its permissions and its empty folders', async () => {
  const manifest = await verifyBackup(golden);
  assert.deepEqual(manifest.point.log, [{ partition: 0, endOffset: 1234 }]);
  const target = path.join(place, 'restored');
  await restoreBackup({
    backup: golden,
    target,
    isForced: false,
    clusterOwner: undefined,
    joinLedgers: () => Promise.resolve(),
    nowMs: () => 0,
  });
  assert.deepEqual((await readdir(target)).sort(), ['erasures.ndjson', 'journal', 'secrets']);
  assert.equal((await stat(path.join(target, 'secrets', 'pepper'))).mode & 0o777, 0o600);
  assert.equal((await stat(path.join(target, 'secrets'))).mode & 0o777, 0o700);
});

test('another version, a path that leads out, and a file that is no backup are refused with what is wrong', async () => {
  const manifest = await readManifest(golden);
  const write = async (name: string, changes: object): Promise<string> => {
    const folder = await mkdtemp(path.join(place, `${name}-`));
    await writeManifest(folder, { ...manifest, ...changes } as Manifest);
    return folder;
  };
  await assert.rejects(readManifest(await write('newer', { version: 2 })), /a backup of version 2; this program reads version 1/);
  await assert.rejects(readManifest(await write('other', { format: 'else' })), /is no backup of Milepost/);
  const [file] = manifest.files;
  assert.ok(file);
  for (const out of ['../outside', '/etc/passwd', 'a/../../b', '', 'a//b', './a'])
    await assert.rejects(readManifest(await write('out', { files: [{ ...file, path: out }] })), /names files as none does/, out);
  await assert.rejects(readManifest(await write('list', { files: 'none' })), /names files as none does/);
  await assert.rejects(
    readManifest(await write('missing', {})).then(() => verifyBackup(place)),
    /is no backup/,
  );
  const lacking = await write('lacking', {});
  await assert.rejects(verifyBackup(lacking), /secrets\/pepper is missing; erasures.ndjson is missing/);
});

test('an archive unpacks to what was packed; one that names a file outside of itself, or was cut off, is refused', async () => {
  const folder = path.join(place, 'packed');
  const archive = path.join(place, 'packed.tar');
  await unpackGolden(folder);
  await packBackup(folder, archive);
  await assert.rejects(stat(folder));
  await unpackBackup(archive, folder);
  assert.deepEqual(await verifyBackup(folder), await verifyBackup(golden));

  const bytes = await readFile(archive);
  const cut = path.join(place, 'cut.tar');
  await writeFile(cut, bytes.subarray(0, bytes.length - 1500));
  await assert.rejects(unpackBackup(cut, path.join(place, 'cut')).then(() => verifyBackup(path.join(place, 'cut'))));

  const evil = path.join(place, 'evil.tar');
  const writing = pack();
  writing.entry({ name: '../evil' }, 'text');
  writing.finalize();
  await pipeline(writing, createWriteStream(evil));
  await assert.rejects(unpackBackup(evil, path.join(place, 'evil')), /names a file outside of itself: \.\.\/evil/);
  await assert.rejects(stat(path.join(place, 'evil', '..', 'evil', 'evil')));
});

const unpackGolden = async (folder: string): Promise<void> => {
  const manifest = await readManifest(golden);
  const { cp } = await import('node:fs/promises');
  await cp(golden, folder, { recursive: true });
  assert.equal(manifest.files.length, 2);
};

test('what is left out of a backup: locks, sockets, what was moved aside, and what PostgreSQL makes anew', () => {
  for (const name of [
    'milepost.lock',
    'control.sock',
    '.restoring',
    '.replaced-2026',
    'history.rebuild',
    'history.old-1',
    'swap.json',
  ])
    assert.ok(isTransient(name), name);
  for (const name of ['history', 'files', 'erasures.ndjson']) assert.ok(!isTransient(name), name);
  const inCluster = (name: string, isRunning: boolean): boolean => isClusterTransient(`postgres/cluster/${name}`, isRunning);
  for (const name of ['postmaster.pid', 'pg_notify/0000', 'pg_replslot/x/state', 'base/pgsql_tmp/1', 'base/1/pg_internal.init'])
    assert.ok(inCluster(name, true) && inCluster(name, false), name);
  for (const name of ['PG_VERSION', 'pg_notify', 'base/1/1259', 'pg_wal', 'pg_wal/archive_status', 'global/pg_control'])
    assert.ok(!inCluster(name, true) && !inCluster(name, false), name);
  assert.ok(inCluster('pg_wal/000000010000000000000001', true) && !inCluster('pg_wal/000000010000000000000001', false));
  assert.ok(inCluster('backup_label', true) && !inCluster('backup_label', false));
  assert.ok(isInside('journal/0.log') && !isInside('journal/../../x'));
});

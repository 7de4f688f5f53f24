import assert from 'node:assert/strict';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeManualClock } from '../../../kernel/index.ts';
import { makeTestFolder } from '../../testing/test-storage.ts';
import { openSnapshotFolder, temporaryAgeMaxMs } from './index.ts';

const nowMs = 1_800_000_000_000;

async function* text(): AsyncIterable<Uint8Array> {
  yield Buffer.from('text');
}

test('what a killed write left is no snapshot, and goes when it is old', async (context) => {
  const folder = await makeTestFolder('snapshots');
  context.after(() => rm(folder, { recursive: true, force: true }));
  const leftovers = { 'old~00000001': nowMs - temporaryAgeMaxMs - 1000, 'young~00000002': nowMs - 1000 };
  for (const [name, at] of Object.entries(leftovers)) {
    await writeFile(join(folder, name), 'half');
    await utimes(join(folder, name), at / 1000, at / 1000);
  }
  const store = openSnapshotFolder(folder, makeManualClock(nowMs));
  assert.deepEqual(await store.names(''), []);
  await store.write('whole', text());
  assert.deepEqual((await readdir(folder)).toSorted(), ['whole', 'young~00000002']);
});

test('files are for the server alone, and a disk that refuses is said', async (context) => {
  const folder = await makeTestFolder('snapshots');
  context.after(() => rm(folder, { recursive: true, force: true }));
  const store = openSnapshotFolder(folder, makeManualClock(nowMs));
  await store.write('whole', text());
  assert.equal((await stat(join(folder, 'whole'))).mode & 0o777, 0o600);
  await writeFile(join(folder, 'file'), '');
  const impossible = openSnapshotFolder(join(folder, 'file', 'below'), makeManualClock(nowMs));
  await assert.rejects(impossible.write('whole', text()), { code: 'unavailable' });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { append, makeRecord, readAll, testEpochMs } from '../../test-support.ts';
import { openJournal } from './index.ts';

const diskBytes = 2 * 1024 * 1024;

/** A disk of 2 MiB; undefined where this process may not mount one. */
const mountSmallDisk = (folder: string): string | undefined => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `a small disk cannot be mounted: ${(error as Error).message.trim()}`;
  }
};

/** Takes the room that is left. */
const fillUp = async (file: string): Promise<void> => {
  for (let bytes = diskBytes; bytes >= 1; bytes /= 2) await appendFile(file, new Uint8Array(bytes)).catch(() => {});
};

/** The last file was only begun when the server ended, and now there is no room to begin it again. */
const openOnFullDisk = async (folder: string): Promise<void> => {
  const clock = makeManualClock(testEpochMs);
  const limits = { diskReserveBytes: 0, segmentBytes: 20_000, commitSpacingMs: 0, diskCheckMs: 1000 };
  const options = { folder: path.join(folder, 'journal'), clock, logger: silentLogger, limits };
  const acknowledged = Array.from({ length: 100 }, (_, seq) => seq);
  const first = await openJournal(options);
  for (const seq of acknowledged) await append(first, makeRecord({ seq, padding: 777 }));
  const begun = path.join(options.folder, `${String(first.endOffset(0)).padStart(16, '0')}.log`);
  await first.close();
  await writeFile(begun, '');
  const ballast = path.join(folder, 'ballast');
  await fillUp(ballast);

  const log = await openJournal(options);
  assert.ok(!existsSync(begun), 'there was no room for the file');
  assert.deepEqual(await readAll(log), acknowledged, 'what is there can be read');
  await assert.rejects(append(log, makeRecord({ seq: 100, padding: 777 })));
  await unlink(ballast);
  clock.advance(1000);
  await new Promise<void>((resolve) => log.onWritable(resolve));
  for (let seq = 100; seq < 200; seq++) {
    await append(log, makeRecord({ seq, padding: 777 }));
    acknowledged.push(seq);
  }
  await log.close();
  const again = await openJournal(options);
  assert.deepEqual(await readAll(again), acknowledged);
  await again.close();
};

/** Appends until refused; answers what was acknowledged and what was not. */
const fillDisk = async (folder: string, segmentBytes: number): Promise<void> => {
  const clock = makeManualClock(testEpochMs);
  const limits = { diskReserveBytes: 0, segmentBytes, commitSpacingMs: 0, diskCheckMs: 1000 };
  const options = { folder: path.join(folder, 'journal'), clock, logger: silentLogger, limits };
  const ballast = path.join(folder, 'ballast');
  await writeFile(ballast, new Uint8Array(diskBytes / 2));
  const log = await openJournal(options);
  const acknowledged: number[] = [];
  let seq = 0;
  while (log.refusal() === undefined) {
    const batch = Array.from({ length: 25 }, () => seq++);
    const outcomes = await Promise.allSettled(batch.map((one) => append(log, makeRecord({ seq: one, padding: 777 }))));
    acknowledged.push(...batch.filter((_, i) => outcomes[i]?.status === 'fulfilled'));
  }
  assert.equal(log.refusal(), 'disk_full');
  assert.ok(acknowledged.length > 500 && acknowledged.length < seq, `${acknowledged.length} of ${seq} acknowledged`);
  assert.deepEqual(await readAll(log), acknowledged, 'reading goes on');

  await unlink(ballast);
  const writable = new Promise<void>((resolve) => log.onWritable(resolve));
  clock.advance(1000);
  await writable;
  for (let i = 0; i < 100; i++) {
    await append(log, makeRecord({ seq, padding: 777 }));
    acknowledged.push(seq++);
  }
  await log.close();
  const again = await openJournal(options);
  assert.deepEqual(await readAll(again), acknowledged, 'each acknowledged record is there, once');
  await again.close();
};

const onSmallDisk = async (context: TestContext, run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-disk-'));
  const problem = mountSmallDisk(folder);
  try {
    if (problem) context.skip(problem);
    else await run(folder);
  } finally {
    if (!problem) execFileSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true, force: true });
  }
};

for (const [name, segmentBytes] of [
  ['in the middle of a segment', 64 * 1024 * 1024],
  ['with small segments', 50_000],
] as const) {
  test(`a disk that fills up ${name}: nothing acknowledged is lost, and it goes on when there is room`, (context) =>
    onSmallDisk(context, (folder) => fillDisk(folder, segmentBytes)));
}

test('a journal is opened on a full disk: it can be read, and takes records when there is room', (context) =>
  onSmallDisk(context, openOnFullDisk));

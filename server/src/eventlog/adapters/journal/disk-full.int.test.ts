import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
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

for (const [name, segmentBytes] of [
  ['in the middle of a segment', 64 * 1024 * 1024],
  ['with small segments', 50_000],
] as const) {
  test(`a disk that fills up ${name}: nothing acknowledged is lost, and it goes on when there is room`, async (context) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'journal-disk-'));
    const problem = mountSmallDisk(folder);
    try {
      if (problem) context.skip(problem);
      else await fillDisk(folder, segmentBytes);
    } finally {
      if (!problem) execFileSync('umount', ['-l', folder]);
      await rm(folder, { recursive: true, force: true });
    }
  });
}

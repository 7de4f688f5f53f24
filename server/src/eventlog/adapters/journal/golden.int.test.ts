import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { append, makeRecord, range, readAll, seqOf, testEpochMs } from '../../test-support.ts';
import { openJournal } from './index.ts';

/** A journal of version 1: 20 records in two closed segments with their indexes and one that was written to when it was closed. */
const goldenFolder = path.join(import.meta.dirname, 'golden');
const recordCount = 20;
const limits = { diskReserveBytes: 0, commitSpacingMs: 0, segmentBytes: 600 };

const openAt = (folder: string) => openJournal({ folder, clock: makeManualClock(testEpochMs), logger: silentLogger, limits });

const writeGolden = async (): Promise<void> => {
  await rm(goldenFolder, { recursive: true, force: true });
  const log = await openAt(goldenFolder);
  for (const seq of range(0, recordCount)) await append(log, makeRecord({ seq, padding: seq }));
  await log.commitConsumer('export', { partition: 0, offset: log.endOffset(0) });
  await log.close();
};

test('a journal of version 1 is read, with its indexes and positions, and can be written to', async () => {
  if (process.env['UPDATE_GOLDEN'] === '1') await writeGolden();
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-golden-'));
  try {
    await cp(goldenFolder, folder, { recursive: true });
    const log = await openAt(folder);
    assert.ok(log.statistics().segments >= 3, `${log.statistics().segments} segments`);
    assert.deepEqual(await readAll(log), range(0, recordCount));
    const found = await log.readVehicle({ vehicleNo: 3, fromMs: 0, toMs: testEpochMs * 2, limit: 10 });
    assert.deepEqual(
      found.map(({ bytes }) => seqOf(bytes)),
      [17, 12, 7, 2],
    );
    assert.equal(await log.consumerPosition('export', 0), log.endOffset(0));
    await append(log, makeRecord({ seq: recordCount }));
    assert.deepEqual(await readAll(log), range(0, recordCount + 1));
    await log.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

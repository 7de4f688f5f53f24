import assert from 'node:assert/strict';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { RecordBatch } from '../../../events/index.ts';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import type { EventLog } from '../../ports.ts';
import { append, makeRecord, seqOf, testEpochMs } from '../../test-support.ts';
import { JournalReader, openJournal } from './index.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const openSmall = async (): Promise<{ folder: string; log: EventLog }> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
  folders.push(folder);
  const limits = { diskReserveBytes: 0, commitSpacingMs: 0, segmentBytes: 512 };
  const log = await openJournal({ folder, clock: makeManualClock(testEpochMs), logger: silentLogger, limits });
  return { folder, log };
};

const seqsIn = (batch: RecordBatch): number[] =>
  Array.from({ length: batch.count }, (_, i) => seqOf(batch.bytes.slice(batch.starts[i] as number, batch.ends[i] as number)));

test('it reads across segments to an offset while the journal is written on, and goes on from there', async () => {
  const { folder, log } = await openSmall();
  const ends: number[] = [];
  for (let seq = 0; seq < 40; seq++) {
    await append(log, makeRecord({ seq }));
    ends.push(log.endOffset(0));
  }
  assert.ok(log.statistics().segments > 3);
  const reader = new JournalReader(folder);
  const read: number[] = [];
  const handle = async (batch: RecordBatch): Promise<void> => {
    await append(log, makeRecord({ seq: 99 }));
    read.push(...seqsIn(batch));
  };
  await reader.read(0, ends[24] as number, handle);
  assert.deepEqual(
    read,
    Array.from({ length: 25 }, (_, i) => i),
  );
  await reader.read(ends[24] as number, ends[39] as number, handle);
  assert.equal(read.length, 40);
  assert.equal(read.at(-1), 39);

  let batches = 0;
  await reader.read(
    0,
    ends[39] as number,
    () => void batches++,
    () => batches === 2,
  );
  assert.equal(batches, 2);
  await assert.rejects(
    reader.read(0, log.endOffset(0) + 1000, () => {}),
    /the journal (ends|cannot be read) at offset/,
  );
  await log.close();
});

test('a segment that was given up is passed over', async () => {
  const { folder, log } = await openSmall();
  for (let seq = 0; seq < 40; seq++) await append(log, makeRecord({ seq }));
  const endOffset = log.endOffset(0);
  await log.close();
  const second = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()[1] as string;
  await rename(path.join(folder, second), path.join(folder, `${second}.lost`));
  const read: number[] = [];
  await new JournalReader(folder).read(0, endOffset, (batch) => void read.push(...seqsIn(batch)));
  assert.ok(read.length < 40 && read.length > 20);
  assert.equal(read.at(-1), 39);
});

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { encodeRecord, type RecordBatch, recordKinds } from '../../../events/index.ts';
import { silentLogger, systemClock } from '../../../kernel/index.ts';
import type { AppendListener, EventLog } from '../../ports.ts';
import { type JournalLimits, openJournal } from './index.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
  folders.push(folder);
  return folder;
};

const open = (folder: string, limits: Partial<JournalLimits> = {}): Promise<EventLog> =>
  openJournal({ folder, clock: systemClock, logger: silentLogger, limits: { diskReserveBytes: 0, ...limits } });

const recordOf = (seq: number, vehicleNo = 1 + (seq % 5), receivedAt = 1_800_000_000_000 + seq): Uint8Array =>
  encodeRecord(
    { kind: recordKinds.telemetry, vehicleNo, deviceNo: 1, boot: 1, seq, hasSequence: true, receivedAt, vocabularyVersion: 1 },
    new Uint8Array([1, 0, 0]),
  );

const seqOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(16, true);

const append = (log: EventLog, record: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    const listener: AppendListener = {
      appended: (_token, _partition, offset) => resolve(offset),
      appendFailed: (_token, error) => reject(error),
    };
    const refused = log.append(record, listener, 0);
    if (refused) reject(new Error(refused));
  });

const appendAll = async (log: EventLog, from: number, to: number): Promise<number[]> => {
  const offsets: Promise<number>[] = [];
  for (let seq = from; seq < to; seq++) offsets.push(append(log, recordOf(seq)));
  return Promise.all(offsets);
};

const seqsIn = (batch: RecordBatch): number[] =>
  Array.from({ length: batch.count }, (_, i) => seqOf(batch.bytes.subarray(batch.starts[i], batch.ends[i])));

/** Everything from an offset on, as a follower hears it until it has caught up. */
const readAll = (log: EventLog, fromOffset = 0): Promise<number[]> =>
  new Promise((resolve, reject) => {
    const seqs: number[] = [];
    const follower = log.follow({
      partition: 0,
      fromOffset,
      handle: (batch) => void seqs.push(...seqsIn(batch)),
      caughtUp: () => void follower.stop().then(() => resolve(seqs)),
      failed: reject,
    });
  });

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const lastSegment = async (folder: string): Promise<string> =>
  path.join(
    folder,
    (await readdir(folder))
      .filter((name) => name.endsWith('.log'))
      .toSorted()
      .at(-1) as string,
  );

test('what was appended is there after opening again, in order, from any record on', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  const offsets = await appendAll(log, 0, 500);
  assert.ok(offsets.every((offset, i) => i === 0 || offset > (offsets[i - 1] as number)));
  await log.close();
  const again = await open(folder);
  assert.deepEqual(await readAll(again), range(0, 500));
  for (const first of [1, 77, 499]) assert.deepEqual(await readAll(again, offsets[first]), range(first, 500));
  await again.close();
});

test('a follower hears everything once, while records come in and it changes from files to memory', async () => {
  const folder = await newFolder();
  const log = await open(folder, { readBytes: 512, segmentBytes: 8192 });
  await appendAll(log, 0, 300);
  const seqs: number[] = [];
  const follower = log.follow({
    partition: 0,
    fromOffset: 0,
    handle: (batch) => {
      seqs.push(...seqsIn(batch));
      return seqs.length % 7 === 0 ? Promise.resolve() : undefined;
    },
    failed: (error) => assert.fail(error),
  });
  for (let from = 300; from < 2000; from += 100) await appendAll(log, from, from + 100);
  while (follower.position.offset < log.endOffset(0)) await new Promise(setImmediate);
  await follower.stop();
  assert.deepEqual(seqs, range(0, 2000));
  assert.ok(log.statistics().segments > 3);
  await log.close();
});

test('a read model at the tail has applied a record before its listener hears that it is durable', async () => {
  const log = await open(await newFolder());
  const order: string[] = [];
  await new Promise<void>((resolve, reject) => {
    log.follow({ partition: 0, fromOffset: 0, handle: () => void order.push('applied'), caughtUp: resolve, failed: reject });
  });
  await append(log, recordOf(1)).then(() => order.push('told'));
  assert.deepEqual(order, ['applied', 'told']);
  await log.close();
});

test('a write that was cut off at any byte is cut away, and everything before it stays', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await appendAll(log, 0, 3);
  await append(log, recordOf(3));
  await log.close();
  const file = await lastSegment(folder);
  const whole = await readFile(file);
  const groupBytes = 20 + 8 + recordOf(3).length;
  for (let cut = 1; cut <= groupBytes; cut++) {
    await writeFile(file, whole.subarray(0, whole.length - cut));
    const again = await open(folder);
    assert.deepEqual(await readAll(again), [0, 1, 2], `cut by ${cut} bytes`);
    await append(again, recordOf(9));
    assert.deepEqual(await readAll(again), [0, 1, 2, 9]);
    await again.close();
  }
});

test('a flipped bit before the last commit is refused, with the file and the place', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  for (let seq = 0; seq < 4; seq++) await append(log, recordOf(seq));
  await log.close();
  const file = await lastSegment(folder);
  const whole = await readFile(file);
  const lastGroup = whole.length - (20 + 8 + recordOf(0).length);
  for (let at = 32; at < lastGroup; at += 3) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 0x10;
    await writeFile(file, damaged);
    await assert.rejects(open(folder), new RegExp(`damaged in the middle: ${path.basename(file)} at byte`), `bit at byte ${at}`);
  }
});

test('records of one vehicle are found newest first, by page and period, also without the index file', async () => {
  const folder = await newFolder();
  const log = await open(folder, { segmentBytes: 4096 });
  for (let from = 0; from < 400; from += 50) await appendAll(log, from, from + 50);
  await log.close();
  for (const name of await readdir(folder)) if (name.endsWith('.idx')) await unlink(path.join(folder, name));
  const again = await open(folder, { segmentBytes: 4096 });
  const expected = range(0, 400)
    .filter((seq) => seq % 5 === 2)
    .reverse();
  const seqs: number[] = [];
  let beforeOffset: number | undefined;
  for (;;) {
    const page = await again.readVehicle({
      vehicleNo: 3,
      fromMs: 0,
      toMs: 1e15,
      limit: 7,
      ...(beforeOffset === undefined ? {} : { beforeOffset }),
    });
    if (page.length === 0) break;
    seqs.push(...page.map(({ bytes }) => seqOf(bytes)));
    beforeOffset = page.at(-1)?.offset;
  }
  assert.deepEqual(seqs, expected);
  const period = await again.readVehicle({ vehicleNo: 3, fromMs: 1_800_000_000_100, toMs: 1_800_000_000_120, limit: 100 });
  assert.deepEqual(
    period.map(({ bytes }) => seqOf(bytes)),
    [117, 112, 107, 102],
  );
  await again.close();
});

test('a full queue is refused, and told when there is room again', async () => {
  const log = await open(await newFolder(), { pendingRecordsMax: 10 });
  const pending = Promise.all(range(0, 10).map((seq) => append(log, recordOf(seq))));
  assert.equal(log.refusal(), 'queue_full');
  await assert.rejects(append(log, recordOf(11)), /queue_full/);
  await new Promise<void>((resolve) => log.onWritable(resolve));
  await pending;
  await append(log, recordOf(12));
  assert.deepEqual(await readAll(log), [...range(0, 10), 12]);
  await log.close();
});

test('a disk below its reserve takes nothing and can be read', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await appendAll(log, 0, 5);
  await log.close();
  const full = await open(folder, { diskReserveBytes: Number.MAX_SAFE_INTEGER });
  assert.equal(full.refusal(), 'disk_full');
  await assert.rejects(append(full, recordOf(5)), /disk_full/);
  assert.deepEqual(await readAll(full), range(0, 5));
  await full.close();
});

test('old segments are removed by age and by size, the active one never', async () => {
  const folder = await newFolder();
  const log = await open(folder, { segmentBytes: 2048, retentionMs: 1 });
  for (let from = 0; from < 200; from += 20) {
    await Promise.all(range(from, from + 20).map((seq) => append(log, recordOf(seq, 1, 1_700_000_000_000 + seq))));
  }
  await log.enforceRetention();
  assert.equal(log.statistics().segments, 1);
  assert.ok(log.startOffset(0) > 0);
  const left = await readAll(log, 0);
  assert.equal(left.at(-1), 199);
  await log.close();
});

test('positions of consumers are kept', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await log.commitConsumer('export', { partition: 0, offset: 42 });
  await log.close();
  const again = await open(folder);
  assert.equal(await again.consumerPosition('export', 0), 42);
  assert.equal(await again.consumerPosition('other', 0), undefined);
  await again.close();
});

test('a segment that was made and never written to is begun again', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await log.close();
  await truncate(await lastSegment(folder), 7);
  const again = await open(folder);
  await appendAll(again, 0, 2);
  assert.deepEqual(await readAll(again), [0, 1]);
  await again.close();
});

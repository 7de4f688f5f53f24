import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open as openFile, readdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import type { EventLog } from '../../ports.ts';
import { append, appendRange, makeRecord, range, readAll, seqOf, testEpochMs } from '../../test-support.ts';
import { ConsumerOffsets } from './consumer-offsets.ts';
import { type JournalLimits, journalLimits, openJournal } from './index.ts';
import { Journal } from './journal.ts';
import { createSegment } from './segment.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
  folders.push(folder);
  return folder;
};

const optionsOf = (folder: string, limits: Partial<JournalLimits> = {}) => ({
  folder,
  clock: makeManualClock(testEpochMs),
  logger: silentLogger,
  limits: { diskReserveBytes: 0, commitSpacingMs: 1, ...limits },
});
const open = (folder: string, limits: Partial<JournalLimits> = {}): Promise<EventLog> => openJournal(optionsOf(folder, limits));

const filesOf = async (folder: string, ending: string): Promise<string[]> =>
  (await readdir(folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => path.join(folder, name));
const lastSegment = async (folder: string): Promise<string> => (await filesOf(folder, '.log')).at(-1) as string;

/** A kill leaves everything but the note of the end. */
const forgetClosing = (folder: string): Promise<void> => unlink(path.join(folder, 'durable-end.json'));

const groupOf = (...seqs: number[]): number => 20 + seqs.reduce((sum, seq) => sum + 8 + makeRecord({ seq }).length, 0);

/** A journal of three commits: records 0, 1 to 3, and 4 to 6. */
const writeThreeGroups = async (folder: string): Promise<{ file: string; whole: Buffer }> => {
  const log = await open(folder);
  await append(log, makeRecord({ seq: 0 }));
  await appendRange(log, 1, 4);
  await appendRange(log, 4, 7);
  assert.equal(log.statistics().commits, 3);
  await log.close();
  const file = await lastSegment(folder);
  return { file, whole: await readFile(file) };
};

test('a write that a crash cut off at any byte is cut away, and everything before it stays', async () => {
  const folder = await newFolder();
  const { file, whole } = await writeThreeGroups(folder);
  for (let cut = 1; cut <= groupOf(4, 5, 6); cut++) {
    await forgetClosing(folder);
    await writeFile(file, whole.subarray(0, whole.length - cut));
    const again = await open(folder);
    assert.deepEqual(await readAll(again), range(0, 4), `cut by ${cut} bytes`);
    await append(again, makeRecord({ seq: 9 }));
    assert.deepEqual(await readAll(again), [...range(0, 4), 9]);
    await again.close();
  }
});

test('pages of the last write that never reached the disk and read as zeros are cut away with all of it', async () => {
  const folder = await newFolder();
  const { file, whole } = await writeThreeGroups(folder);
  const from = whole.length - groupOf(4, 5, 6);
  for (const [start, end] of [
    [from, from + 30],
    [from + 25, from + 70],
    [whole.length - 40, whole.length],
  ] as const) {
    await forgetClosing(folder);
    await writeFile(file, Buffer.from(whole).fill(0, start, end));
    const again = await open(folder);
    assert.deepEqual(await readAll(again), range(0, 4));
    await again.close();
  }
});

test('a flipped bit anywhere before the last write is refused, with the file and the place', async () => {
  const folder = await newFolder();
  const { file, whole } = await writeThreeGroups(folder);
  await forgetClosing(folder);
  for (let at = 0; at < whole.length - groupOf(4, 5, 6); at++) {
    // The rest of a segment header is reserved: 12 bytes that nothing reads.
    if (at >= 20 && at < 32) continue;
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
    await writeFile(file, damaged);
    await assert.rejects(open(folder), new RegExp(`damaged in the middle: ${path.basename(file)} at byte`), `bit at byte ${at}`);
  }
});

test('after a clean close also the last write must be whole: cut or damaged, it is refused', async () => {
  const folder = await newFolder();
  const { file, whole } = await writeThreeGroups(folder);
  for (let at = whole.length - groupOf(4, 5, 6); at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 4;
    await writeFile(file, damaged);
    await assert.rejects(open(folder), /damaged in the middle/, `bit at byte ${at}`);
    await writeFile(file, whole.subarray(0, at));
    await assert.rejects(open(folder), /damaged in the middle/, `cut at byte ${at}`);
  }
  await unlink(file);
  await assert.rejects(open(folder), /was closed at \d+: files are missing/);
});

test('damage that appears while the journal runs is found when it is read', async () => {
  const folder = await newFolder();
  const log = await open(folder, { readBytes: 256 });
  for (let from = 0; from < 100; from += 10) await appendRange(log, from, from + 10);
  const handle = await openFile(await lastSegment(folder), 'r+');
  await handle.write(Buffer.from([0xff, 0xff]), 0, 2, 2000);
  await handle.close();
  await assert.rejects(readAll(log), /cannot be read at offset \d+/);
  await log.close();
});

test('a file that is missing in the middle is refused, and one that was renamed to .lost is passed over', async () => {
  const folder = await newFolder();
  const log = await open(folder, { segmentBytes: 2048 });
  for (let from = 0; from < 200; from += 10) await appendRange(log, from, from + 10);
  const before = log.endOffset(0);
  await log.close();
  const files = await filesOf(folder, '.log');
  const middle = files[2] as string;
  await rename(middle, `${middle}.lost`);
  const again = await open(folder, { segmentBytes: 2048 });
  const left = await readAll(again);
  assert.ok(left.length < 200 && left[0] === 0 && left.at(-1) === 199);
  assert.deepEqual(
    left,
    left.toSorted((a, b) => a - b),
  );
  await again.close();
  const last = files.at(-1) as string;
  await rename(last, `${last}.lost`);
  const shorter = await open(folder, { segmentBytes: 2048 });
  assert.ok(shorter.endOffset(0) >= before, 'offsets go on after what was given up');
  await append(shorter, makeRecord({ seq: 500 }));
  assert.equal((await readAll(shorter)).at(-1), 500);
  await shorter.close();
  await unlink(`${middle}.lost`);
  await assert.rejects(open(folder), /the journal has a gap/);
});

test('a segment that was made and never written to is begun again; one whose header is lost is not', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await log.close();
  for (const size of [0, 7, 31]) {
    await truncate(await lastSegment(folder), size);
    const again = await open(folder);
    await again.close();
  }
  const { file, whole } = await writeThreeGroups(folder);
  await forgetClosing(folder);
  await writeFile(file, Buffer.from(whole).fill(0, 0, 32));
  await assert.rejects(open(folder), /damaged in the middle/);
});

for (const [name, damage] of [
  ['missing', (file: string) => unlink(file)],
  ['cut', (file: string) => truncate(file, 60)],
  ['damaged', async (file: string) => writeFile(file, (await readFile(file)).fill(7, 48))],
] as const) {
  test(`an index that is ${name} is made anew`, async () => {
    const folder = await newFolder();
    const log = await open(folder, { segmentBytes: 4096 });
    for (let from = 0; from < 400; from += 50) await appendRange(log, from, from + 50);
    await log.close();
    const indexes = await filesOf(folder, '.idx');
    assert.ok(indexes.length >= 3);
    for (const file of indexes) await damage(file);
    const again = await open(folder, { segmentBytes: 4096 });
    const found = await again.readVehicle({ vehicleNo: 3, fromMs: 0, toMs: testEpochMs * 2, limit: 1000 });
    assert.deepEqual(
      found.map(({ bytes }) => seqOf(bytes)),
      range(0, 400)
        .filter((seq) => seq % 5 === 2)
        .toReversed(),
    );
    await again.close();
    assert.equal((await filesOf(folder, '.idx')).length, indexes.length);
  });
}

test('a segment is closed at its age, so that little traffic does not outlive the retention', async () => {
  const folder = await newFolder();
  const clock = makeManualClock(testEpochMs);
  const log = await openJournal({ ...optionsOf(folder, { diskCheckMs: 3_600_000 }), clock });
  for (let day = 0; day < 40; day++) {
    await append(log, makeRecord({ seq: day, receivedAt: clock.now() }));
    clock.advance(86_400_000);
    await log.enforceRetention();
  }
  const left = await readAll(log);
  assert.ok(left.length >= 13 && left.length <= 17, `${left.length} days are left`);
  await log.close();
});

test('a disk below its reserve takes nothing and can be read; it takes again when there is room', async () => {
  const folder = await newFolder();
  const log = await open(folder);
  await appendRange(log, 0, 5);
  await log.close();
  const full = await open(folder, { diskReserveBytes: Number.MAX_SAFE_INTEGER });
  assert.equal(full.refusal(), 'disk_full');
  await assert.rejects(append(full, makeRecord({ seq: 5 })), /disk_full/);
  assert.deepEqual(await readAll(full), range(0, 5));
  await full.close();
});

test('after a failed fdatasync nothing is acknowledged any more, and everything acknowledged before can be read', async () => {
  const folder = await newFolder();
  const options = optionsOf(folder);
  const { segment, handle } = await createSegment(folder, 0);
  let isBroken = false;
  let tries = 0;
  // No disk here fails on demand: only this one call is replaced, everything else is the real file.
  const datasync = handle.datasync.bind(handle);
  handle.datasync = () => {
    if (!isBroken) return datasync();
    tries++;
    return Promise.reject(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  };
  const log = new Journal(
    options,
    { ...journalLimits, ...options.limits },
    [segment],
    handle,
    await ConsumerOffsets.open(folder),
  );
  await appendRange(log, 0, 10);
  isBroken = true;
  const outcomes = await Promise.allSettled(range(10, 15).map((seq) => append(log, makeRecord({ seq }))));
  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  assert.equal(log.refusal(), 'failed');
  isBroken = false;
  await assert.rejects(append(log, makeRecord({ seq: 15 })), /failed/);
  assert.equal(tries, 1, 'the same data is not tried again: the kernel may have dropped it');
  assert.deepEqual(await readAll(log), range(0, 10));
  await log.close();
});

test('a position file of consumers that cannot be read stops the start', async () => {
  const folder = await newFolder();
  await (await open(folder)).close();
  for (const text of ['{', '{"export":"x"}']) {
    await writeFile(path.join(folder, 'consumers.json'), text);
    await assert.rejects(open(folder), /consumers\.json/);
  }
});

test('a record that no reader could take is refused as our bug', async () => {
  const log = await open(await newFolder());
  assert.throws(() => log.append(new Uint8Array(10), { appended: () => {}, appendFailed: () => {} }, 0), /has 10 bytes/);
  await log.close();
});

const manySegments = { segmentBytes: 2000, commitSpacingMs: 0 };

test('a vehicle is read while retention takes its oldest records away: what is left is answered', async () => {
  const log = await open(await newFolder(), { ...manySegments, bytesMax: 4000 });
  for (let from = 0; from < 1000; from += 50) await appendRange(log, from, from + 50);
  const reads = range(0, 20).map(() => log.readVehicle({ vehicleNo: 1, fromMs: 0, toMs: testEpochMs * 2, limit: 1000 }));
  const [pages] = await Promise.all([Promise.all(reads), log.enforceRetention()]);
  const all = range(0, 1000).filter((seq) => seq % 5 === 0);
  for (const page of pages) {
    const seqs = page.map(({ bytes }) => seqOf(bytes)).toReversed();
    assert.ok(seqs.length > 0);
    assert.deepEqual(seqs, all.slice(-seqs.length), 'the newest, without a gap');
  }
  await log.close();
});

test('a disk that takes no index keeps nobody from reading', async () => {
  const folder = await newFolder();
  const log = await open(folder, manySegments);
  for (let from = 0; from < 200; from += 20) await appendRange(log, from, from + 20);
  await log.close();
  const [index] = await filesOf(folder, '.idx');
  assert.ok(index);
  await unlink(index);
  // Where the index would be written there is something that cannot be written to.
  await mkdir(`${index}.new`);
  const again = await open(folder, manySegments);
  assert.deepEqual(await readAll(again), range(0, 200));
  const found = await again.readVehicle({ vehicleNo: 2, fromMs: 0, toMs: testEpochMs * 2, limit: 1000 });
  assert.equal(found.length, 40);
  await again.close();
});

test('closed is closed, also on a full disk while its free space is being looked at', async () => {
  const folder = await newFolder();
  const options = optionsOf(folder, { diskReserveBytes: Number.MAX_SAFE_INTEGER, diskCheckMs: 1000 });
  const log = await openJournal(options);
  assert.equal(log.refusal(), 'disk_full');
  options.clock.advance(1000);
  await log.close();
  assert.equal(log.refusal(), 'closed');
  options.clock.advance(10_000);
  await new Promise(setImmediate);
  assert.equal(log.refusal(), 'closed');
  await assert.rejects(append(log, makeRecord({ seq: 0 })), /closed/);
});

test('a segment of a later version is no damage: it is named, and nobody is told to give it up', async () => {
  const folder = await newFolder();
  const { file, whole } = await writeThreeGroups(folder);
  const later = Buffer.from(whole);
  later.writeUInt16LE(2, 4);
  later.writeUInt32LE(crc32(later.subarray(0, 16)), 16);
  await writeFile(file, later);
  await assert.rejects(open(folder), /version 2; this program reads version 1/);
});

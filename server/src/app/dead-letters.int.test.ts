import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { encodeRecord, recordKinds } from '../events/index.ts';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { deadLetterLimits, openDeadLetters, readDeadLetters, setDeadLettersAside } from './dead-letters.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'dead-letters-'));
after(() => rmSync(folder, { recursive: true }));
const clock = makeManualClock(1_800_000_000_000);
let files = 0;
const newFile = (): string => path.join(folder, `${files++}.ndjson`);
const open = (file: string) => openDeadLetters(file, clock, silentLogger);

const header = { kind: recordKinds.telemetry, deviceNo: 7, boot: 1, seq: 1, hasSequence: true, vocabularyVersion: 1 };
const letter = (offset: number, bytes = 10, reader = 'live') => ({
  reader,
  partition: 0,
  offset,
  record: encodeRecord({ ...header, vehicleNo: 3, receivedAt: 1_700_000_000_000 + offset }, new Uint8Array(bytes).fill(offset)),
  error: new Error(`cannot read ${offset}`),
});

test('a record is kept whole, once for each reader, also when it is met again after a restart', () => {
  const file = newFile();
  const first = open(file);
  for (const offset of [10, 20, 10]) first.put(letter(offset));
  first.put(letter(10, 10, 'history'));
  assert.equal(first.count, 3);
  const again = open(file);
  again.put(letter(20));
  again.put(letter(30));
  assert.equal(again.count, 4);
  const lines = readDeadLetters(file);
  assert.deepEqual(
    lines.map(({ reader, offset }) => [reader, offset]),
    [
      ['live', 10],
      ['live', 20],
      ['history', 10],
      ['live', 30],
    ],
  );
  const [line] = lines;
  assert.deepEqual(new Uint8Array(Buffer.from(line?.record ?? '', 'base64')), letter(10).record);
  assert.equal(line?.vehicleNo, 3);
  assert.equal(line?.why, 'cannot read 10');
});

test('a line that a crash cut off is passed over, and the next one stands by itself', () => {
  const file = newFile();
  const first = open(file);
  for (const offset of [10, 20]) first.put(letter(offset));
  truncateSync(file, statSync(file).size - 20);
  const again = open(file);
  assert.equal(again.count, 1);
  again.put(letter(20));
  again.put(letter(30));
  assert.deepEqual(
    readDeadLetters(file).map(({ offset }) => offset),
    [10, 20, 30],
  );
});

test('what has no room is counted, never a reason to fail', () => {
  const full = open(newFile());
  const large = Math.floor(deadLetterLimits.bytesMax / 40);
  for (let offset = 1; offset <= 45; offset++) full.put(letter(offset, large));
  assert.equal(full.count + full.unwritten, 45);
  assert.ok(full.unwritten >= 5 && full.count >= 38, `${full.count} kept`);
  const nowhere = open(path.join(folder, 'no such folder', 'x'));
  nowhere.put(letter(1));
  assert.equal(nowhere.unwritten, 1);
});

test('set aside, they are kept under another name', async () => {
  const file = newFile();
  open(file).put(letter(1));
  const before = readFileSync(file, 'utf8');
  const aside = await setDeadLettersAside(file, clock.now());
  assert.equal(readFileSync(aside, 'utf8'), before);
  assert.deepEqual(readDeadLetters(file), []);
  appendFileSync(file, '');
});

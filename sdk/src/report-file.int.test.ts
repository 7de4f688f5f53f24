import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { systemClientClock } from './clock.ts';
import type { BufferedReport } from './encode-report.ts';
import { clientLimits } from './limits.ts';
import { ReportBuffer } from './report-buffer.ts';
import { ReportFile } from './report-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'report-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (): ReportFile => new ReportFile(folder, systemClientClock);
const path = (): string => join(folder, 'reports');
const report = (seq: number, payload: string | Uint8Array = `report ${seq}`): BufferedReport => ({ boot: 7, seq, payload });

test('what was appended is there for the next run, texts and frames, in order', () => {
  const file = open();
  const frame = new Uint8Array([1, 2, 255]);
  file.append(report(1));
  file.append(report(2, frame));
  file.append(report(2 ** 52 - 1, 'ä'));
  // Not closed: the process was killed.
  const again = open();
  assert.deepEqual(again.kept, [report(1), report(2, frame), report(2 ** 52 - 1, 'ä')]);
  assert.equal(again.boot, file.boot + 1);
  again.close();
});

test('each start has a greater boot, also when the clock was set back', () => {
  const at = (seconds: number): ReportFile => new ReportFile(folder, { ...systemClientClock, now: () => seconds * 1000 });
  const boots = [1_800_000_000, 5, 1_900_000_000].map((seconds) => {
    const file = at(seconds);
    file.close();
    return file.boot;
  });
  assert.deepEqual(boots, [1_800_000_000, 1_800_000_001, 1_800_000_002]);
  writeFileSync(join(folder, 'boot'), 'rubbish');
  assert.equal(at(2_000_000_000).boot, 2_000_000_000);
});

test('a cut or damaged end is cut away, and what stands before it stays', () => {
  const file = open();
  for (let seq = 1; seq <= 3; seq++) file.append(report(seq));
  file.close();
  const whole = readFileSync(path());
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.boolean(), (at, isCut) => {
      writeFileSync(path(), whole);
      if (isCut) truncateSync(path(), at);
      else {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] as number) ^ 0x40;
        writeFileSync(path(), damaged);
      }
      const again = open();
      const kept = Math.floor((at * 3) / whole.length);
      assert.deepEqual(
        again.kept,
        [1, 2, 3].slice(0, kept).map((seq) => report(seq)),
      );
      again.append(report(9));
      again.close();
      const third = open();
      assert.deepEqual(third.kept.at(-1), report(9));
      third.close();
    }),
    { numRuns: 60 },
  );
});

test('a file in which all is acknowledged is emptied, one in which most is, is written anew', () => {
  const buffer = new ReportBuffer({ boot: 7, file: open() });
  const large = [{ time: 0, signals: { 'Vehicle.VehicleIdentification.LicensePlate': 'x'.repeat(300_000) } }];
  for (let i = 0; i < 6; i++) assert.ok(buffer.add(large).ok);
  const full = statSync(path()).size;
  assert.ok(full > clientLimits.diskRewriteBytes);
  buffer.acknowledge(7, 2);
  assert.equal(statSync(path()).size, full, 'not for a third');
  buffer.acknowledge(7, 5);
  assert.ok(statSync(path()).size < full / 5);
  buffer.add([]);
  const again = open();
  assert.deepEqual(
    again.kept.map(({ seq }) => seq),
    [6, 7],
  );
  again.close();
  buffer.acknowledge(7, 7);
  assert.equal(statSync(path()).size, 0);
  buffer.close();
});

test('bytes of any kind are read without harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      writeFileSync(path(), '');
      appendFileSync(path(), bytes);
      open().close();
    }),
  );
});

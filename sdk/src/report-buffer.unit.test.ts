import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, readRetryAfterMs } from './backoff.ts';
import { clientLimits } from './limits.ts';
import { ReportBuffer } from './report-buffer.ts';

const sample = (time: number) => ({ time, signals: { 'Vehicle.Speed': 1 } });
const seqs = (buffer: ReportBuffer) => buffer.all().map((report) => report.seq);

test('a buffer keeps what is not acknowledged, in order, and refuses when full', () => {
  const buffer = new ReportBuffer({ boot: 7, reportsMax: 3 });
  for (let time = 0; time < 3; time++) assert.ok(buffer.add([sample(time)]).ok);
  assert.deepEqual(buffer.add([]), { ok: false, reason: 'buffer_full' });
  assert.deepEqual(seqs(buffer), [1, 2, 3]);
  assert.equal(buffer.acknowledge(6, 3), 0, 'of another boot');
  assert.equal(buffer.acknowledge(7, 2), 2);
  assert.equal(buffer.acknowledge(7, 1), 0, 'an old ack changes nothing');
  const added = buffer.add([]);
  assert.ok(added.ok);
  assert.equal(added.report.payload, '{"boot":7,"seq":4,"samples":[]}');
  assert.deepEqual(seqs(buffer), [3, 4]);
});

test('a report that no server takes is refused and uses up no seq', () => {
  const buffer = new ReportBuffer({ boot: 1 });
  const tooLarge = { time: 0, signals: { x: 'y'.repeat(clientLimits.reportBytesMax) } };
  assert.deepEqual(buffer.add([tooLarge]), { ok: false, reason: 'report_too_large' });
  assert.ok(buffer.add([]).ok);
  assert.deepEqual(seqs(buffer), [1]);
});

test('text in the buffer is bounded, and acknowledging makes room', () => {
  const buffer = new ReportBuffer({ boot: 1 });
  const large = [{ time: 0, signals: { x: 'y'.repeat(1_000_000) } }];
  let added = 0;
  while (buffer.add(large).ok) added++;
  assert.equal(added, Math.floor(clientLimits.bytesBufferedMax / 1_000_050));
  buffer.acknowledge(1, 1);
  assert.ok(buffer.add(large).ok);
});

test('waits double up to 30 s, at least half of it, never under what the server asked for', () => {
  assert.equal(backoffMs(1, 0), 250);
  assert.equal(backoffMs(2, 0), 500);
  assert.equal(backoffMs(3, 0.5), 1500);
  assert.equal(backoffMs(1000, 0), 15_000);
  assert.ok(backoffMs(1000, 0.999_999) <= clientLimits.backoffMaxMs);
  assert.equal(backoffMs(1, 0.5, 60_000), 63_000);
  assert.equal(backoffMs(1, 0.5, 2000), 2500);
});

test('Retry-After is read as seconds and as a date', () => {
  assert.equal(readRetryAfterMs('12', 0), 12_000);
  assert.equal(readRetryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 15_000), 45_000);
  assert.equal(readRetryAfterMs('soon', 0), 0);
  assert.equal(readRetryAfterMs(undefined, 0), 0);
});

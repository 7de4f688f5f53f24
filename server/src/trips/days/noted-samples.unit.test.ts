import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter, encodeRecord, type RecordBatch, ReportBuilder, recordKinds, vehicleNoMax } from '../../events/index.ts';
import { NotedSamples } from './noted-samples.ts';
import { dayMs } from './store-limits.ts';

const noonMs = Date.UTC(2026, 10, 20, 12);

const record = (vehicleNo: number, ...times: readonly number[]): Uint8Array => {
  const builder = new ReportBuilder();
  for (const time of times) {
    builder.addSample(time);
    builder.addValue(5, 1);
  }
  const out = new ByteWriter();
  builder.encode(out);
  const header = { kind: recordKinds.telemetry, vehicleNo, deviceNo: 1, boot: 1, seq: 1, hasSequence: true } as const;
  return encodeRecord({ ...header, receivedAt: noonMs, vocabularyVersion: 1 }, out.toBytes());
};

const batchOf = (bytes: Uint8Array, offset: number): RecordBatch => ({
  partition: 0,
  count: 1,
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  starts: Int32Array.of(0),
  ends: Int32Array.of(bytes.length),
  offsets: Float64Array.of(offset),
  nextOffset: offset + 1,
});

test('a number that no vehicle can have is passed over, and costs no memory', () => {
  const noted = new NotedSamples();
  const before = process.memoryUsage().arrayBuffers;
  for (const vehicleNo of [0, vehicleNoMax + 1, 2_130_706_436, -1]) noted.note(batchOf(record(vehicleNo, noonMs), 10));
  assert.equal(noted.count, 0);
  assert.equal(noted.unreadable, 4);
  noted.note(batchOf(record(vehicleNoMax, noonMs), 50));
  assert.equal(noted.heardOf(vehicleNoMax), 51);
  assert.equal(noted.heardOf(vehicleNoMax - 1024), 0);
  const grownBytes = process.memoryUsage().arrayBuffers - before;
  assert.ok(grownBytes < 1024 * 1024, `${grownBytes} bytes for one vehicle with the highest number`);
});

test('a day that is marked is noted again only for samples that finished days depend on', () => {
  const noted = new NotedSamples();
  const [vehicleNo, day] = [7, Math.floor(noonMs / dayMs)];
  noted.note(batchOf(record(vehicleNo, noonMs, noonMs + 1000, noonMs - dayMs), 1));
  assert.deepEqual(
    noted.rangesOf(vehicleNo).map((range) => [range.day, range.fromMs, range.toMs]),
    [
      [day, noonMs, noonMs + 1000],
      [day - 1, noonMs - dayMs, noonMs - dayMs],
    ],
  );
  const taken = noted.take();
  noted.written(taken, [{ vehicleNo, day, quietFromMs: noonMs }]);
  noted.note(batchOf(record(vehicleNo, noonMs + 2000), 2));
  assert.equal(noted.count, 0);
  noted.note(batchOf(record(vehicleNo, noonMs - 1), 3));
  assert.equal(noted.count, 1);
});

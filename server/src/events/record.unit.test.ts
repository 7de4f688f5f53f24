import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionEvents, decodeConnectionEvent, encodeConnectionEvent, type ConnectionEventName } from './connection-event.ts';
import { virtualPartitionCount, virtualPartitionOf } from './partition.ts';
import { encodeRecord, readRecordHeader, type RecordHeader, recordHeaderBytes, recordKinds } from './record.ts';
import { decodePlain, encodePlain } from '@milepost/contract/report';

const receivedAt = Date.UTC(2026, 10, 20, 12);
const header: RecordHeader = {
  kind: recordKinds.telemetry,
  vehicleNo: 42,
  deviceNo: 7,
  boot: 3,
  seq: 1_234_567,
  hasSequence: true,
  receivedAt,
  vocabularyVersion: 1,
};
const samples = [{ timeMs: receivedAt - 500, values: { 7: 5010, 12: 624 } }];
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const golden = (name: string, encoded: Uint8Array): Uint8Array => {
  const path = join(import.meta.dirname, 'golden', `record-v1-${name}.bin`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, encoded);
  const bytes = new Uint8Array(readFileSync(path));
  assert.equal(Buffer.from(encoded).toString('hex'), Buffer.from(bytes).toString('hex'));
  return bytes;
};

test('golden record of version 1, telemetry: read, and written as it was', () => {
  const bytes = golden('telemetry', encodeRecord(header, encodePlain(samples)));
  assert.deepEqual(readRecordHeader(viewOf(bytes), 0), header);
  assert.deepEqual(decodePlain(bytes, recordHeaderBytes), samples);
});

test('golden record of version 1, connection: read, and written as it was', () => {
  const started: RecordHeader = {
    ...header,
    kind: recordKinds.connection,
    vehicleNo: 0,
    deviceNo: 0,
    boot: 0,
    seq: 0,
    hasSequence: false,
  };
  const event = { event: 'serverStarted', detailMs: receivedAt - 3_600_000 } as const;
  const bytes = golden('server-started', encodeRecord(started, encodeConnectionEvent(event)));
  assert.deepEqual(readRecordHeader(viewOf(bytes), 0), started);
  assert.deepEqual(decodeConnectionEvent(viewOf(bytes), recordHeaderBytes), event);
});

test('every header is read as it was written, at any place', () => {
  const headers = fc.record({
    kind: fc.constantFrom(...Object.values(recordKinds)),
    vehicleNo: fc.integer({ min: 0, max: 2_147_483_647 }),
    deviceNo: fc.integer({ min: 0, max: 2_147_483_647 }),
    boot: fc.integer({ min: 0, max: 4_294_967_295 }),
    seq: fc.maxSafeNat(),
    hasSequence: fc.boolean(),
    receivedAt: fc.maxSafeNat(),
    vocabularyVersion: fc.integer({ min: 0, max: 65_535 }),
  });
  fc.assert(
    fc.property(headers, fc.nat(40), (written, at) => {
      const bytes = new Uint8Array(at + recordHeaderBytes);
      bytes.set(encodeRecord(written, new Uint8Array()), at);
      assert.deepEqual(readRecordHeader(viewOf(bytes), at), { ...written });
    }),
  );
});

test('a version that is not known is refused', () => {
  const bytes = encodeRecord(header, new Uint8Array());
  bytes[0] = 2;
  assert.throws(() => readRecordHeader(viewOf(bytes), 0), /version 2, expected 1/);
  const event = encodeConnectionEvent({ event: 'opened', detailMs: 0 });
  event[1] = 99;
  assert.throws(() => decodeConnectionEvent(viewOf(event), 0), /event 99 is unknown/);
});

test('every connection event is read as it was written', () => {
  for (const event of Object.keys(connectionEvents) as ConnectionEventName[]) {
    const bytes = encodeConnectionEvent({ event, detailMs: receivedAt });
    assert.deepEqual(decodeConnectionEvent(viewOf(bytes), 0), { event, detailMs: receivedAt });
  }
});

test('virtual partitions are what they are for ever, and vehicles spread over all of them', () => {
  assert.deepEqual([0, 1, 2, 42, 1_000_000, 2_147_483_647].map(virtualPartitionOf), [478, 42, 895, 483, 785, 834]);
  const counts = new Uint32Array(virtualPartitionCount);
  for (let vehicleNo = 1; vehicleNo <= 102_400; vehicleNo++) {
    const partition = virtualPartitionOf(vehicleNo);
    counts[partition] = (counts[partition] as number) + 1;
  }
  assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 160, `${Math.min(...counts)} to ${Math.max(...counts)} of 100`);
});

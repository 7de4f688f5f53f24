import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ByteWriter, decodeReport, makeReportColumns, ReportBuilder, storedValueOf } from '../../events/index.ts';
import { isDeviceFrame, readDeviceFrame } from './read-device-frame.ts';

const timeMs = Date.UTC(2026, 10, 20, 12);
const values = [
  [3, 115_754_000],
  [7, 434],
] as const;

const encodeFrame = (isSequenced: boolean): Uint8Array => {
  const builder = new ReportBuilder();
  builder.addSample(timeMs);
  for (const [signalNumber, stored] of values) builder.addValue(signalNumber, stored);
  const out = new ByteWriter();
  out.byte(isSequenced ? 1 : 0);
  if (isSequenced) for (const number of [4_294_967_295, 2 ** 52 - 1]) out.varint(number);
  builder.encode(out);
  return out.toBytes();
};

const goldenFile = (name: string): URL => new URL(`golden/device-frame-v1-${name}.bin`, import.meta.url);
/** Never rewritten: a new version gets a new file. */
const golden = (name: string, encode: () => Uint8Array): Uint8Array => {
  if (process.env['WRITE_GOLDEN'] === 'device-frame') {
    mkdirSync(new URL('golden/', import.meta.url), { recursive: true });
    writeFileSync(goldenFile(name), encode());
  }
  return readFileSync(goldenFile(name));
};

const cases = [
  ['bare', undefined, undefined],
  ['sequenced', 4_294_967_295, 2 ** 52 - 1],
] as const;

for (const [name, boot, seq] of cases) {
  test(`golden device frame of version 1, ${name}: read, and written as it was`, () => {
    const encode = (): Uint8Array => encodeFrame(name === 'sequenced');
    const bytes = golden(name, encode);
    assert.deepEqual(Buffer.from(encode()), bytes);
    assert.ok(isDeviceFrame(bytes));
    const frame = readDeviceFrame(bytes);
    assert.deepEqual([frame.boot, frame.seq], [boot, seq]);
    const columns = makeReportColumns();
    decodeReport(frame.bytes, 0, frame.bytes.length, columns);
    assert.equal(columns.times[0], timeMs);
    const read = columns.columns.slice(0, columns.columnCount).map((column) => [column.signalNumber, storedValueOf(column, 0)]);
    assert.deepEqual(read, values);
  });
}

test('anything else is refused and named', () => {
  assert.throws(() => readDeviceFrame(Uint8Array.of(2, 0, 0)), /begins with 2, expected 0 or 1/);
  assert.throws(() => readDeviceFrame(Uint8Array.of()), /begins with nothing/);
  assert.throws(() => readDeviceFrame(Uint8Array.of(1, 0x80)), /boot and seq cannot be read/);
  assert.throws(() => readDeviceFrame(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0)), /boot/);
  assert.ok(!isDeviceFrame(Buffer.from('{"samples":[]}')));
});

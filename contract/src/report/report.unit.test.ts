import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from './byte-reader.ts';
import { decodeReport, makeReportColumns } from './decode-report.ts';
import { baseMax } from './packed.ts';
import { columnsPerReportMax, samplesPerReportMax, timeMsMax } from './report.ts';
import { decodePlain, encodePlain, type PlainSample } from './plain-report.ts';
import { makeSingleSample, readSingle } from './read-single.ts';

const t0 = Date.UTC(2026, 10, 20, 12);

/** One sample of numbers, a list of texts, and a signal that a user added. */
const oneSample: PlainSample = {
  timeMs: t0,
  values: {
    1: 18_204_300,
    2: 340_208_820,
    3: -68_416_500,
    7: 4320,
    9: 27_150,
    12: 624,
    15: 84_000,
    35: '["P0562"]',
    69: 1,
    33_000: -5,
  },
};

const goldens: Readonly<Record<string, readonly PlainSample[]>> = {
  heartbeat: [],
  'one-sample': [oneSample],
  'constant-and-missing': Array.from({ length: 10 }, (_, i) => ({
    timeMs: t0 + i * 1000,
    values: { 7: 5000, ...(i % 3 === 0 ? { 12: 600 - i } : {}), ...(i === 9 ? { 35: '[]' } : {}) },
  })),
  'all-widths': Array.from({ length: 4 }, (_, i) => ({
    timeMs: t0 + i * 1000 + (i === 2 ? 3 : 0),
    values: { 1: i * 250, 2: i * 20_000, 3: i * 1_400_000_000, 4: i % 2 === 0 ? -(2 ** 40) : 2 ** 40, 5: -7 },
  })),
  words: ['on', 'off', 'on', 'überall'].map((word, i) => ({ timeMs: t0 + i, values: { 40_000: word, 65_535: i } })),
  moved: [
    { timeMs: t0, originalMs: t0 + 86_400_000, values: { 7: 1 } },
    { timeMs: t0 + 1000, originalMs: t0 + 86_401_000, values: { 7: 2 } },
  ],
  'largest-numbers': [
    { timeMs: 0, values: { 1: Number.MAX_SAFE_INTEGER, 2: Number.MIN_SAFE_INTEGER, 3: baseMax, 4: -baseMax } },
    { timeMs: timeMsMax, values: { 1: Number.MAX_SAFE_INTEGER, 2: Number.MIN_SAFE_INTEGER, 3: baseMax, 4: -baseMax } },
  ],
};

for (const [name, samples] of Object.entries(goldens)) {
  test(`golden report of version 1, ${name}: read, and written as it was`, () => {
    const path = join(import.meta.dirname, 'golden', `report-v1-${name}.bin`);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, encodePlain(samples));
    const bytes = new Uint8Array(readFileSync(path));
    assert.deepEqual(decodePlain(bytes), samples);
    assert.equal(Buffer.from(encodePlain(samples)).toString('hex'), Buffer.from(bytes).toString('hex'));
  });
}

const stored = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  fc.maxSafeInteger(),
  fc.constantFrom(0, 255, 256, 65_535, 65_536, 2 ** 32, baseMax, -baseMax, baseMax + 1, -baseMax - 1),
);
/** A signal holds numbers or texts, never both: here by its parity. */
const values = fc
  .uniqueArray(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 65_535 })), { maxLength: 6 })
  .chain((numbers) =>
    fc.record(Object.fromEntries(numbers.map((number) => [number, number % 2 === 0 ? stored : fc.string({ unit: 'grapheme' })]))),
  );
const times = fc.oneof(fc.integer({ min: t0, max: t0 + 100_000 }), fc.integer({ min: 0, max: timeMsMax }));
const samplesOf = fc.array(fc.record({ timeMs: times, originalMs: times, values }), { maxLength: 40 });

const asDecoded = ({ timeMs, originalMs, values: sampleValues }: PlainSample): PlainSample => ({
  timeMs,
  ...(originalMs === undefined || originalMs === timeMs ? {} : { originalMs }),
  values: { ...sampleValues },
});

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(samplesOf, (samples) => {
      assert.deepEqual(decodePlain(encodePlain(samples)), samples.map(asDecoded));
    }),
    { numRuns: 500 },
  );
});

test('bytes of any kind are a report or a FormatError', () => {
  const report = makeReportColumns();
  const decode = (bytes: Uint8Array): void => {
    try {
      decodeReport(bytes, 0, bytes.length, report);
    } catch (error) {
      assert.ok(error instanceof FormatError, String(error));
    }
  };
  const runs = Number(process.env['FUZZ_RUNS'] ?? 3000);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), decode), { numRuns: runs });
  const seeds = Object.values(goldens).map(encodePlain);
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(), fc.nat(255), fc.nat(), (seed, at, byte, cut) => {
      const bytes = seed.slice(0, cut % 3 === 0 ? cut % seed.length : seed.length);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      decode(bytes);
    }),
    { numRuns: runs },
  );
});

/** What `readSingle` says of bytes must be what `decodeReport` says. */
const checkSingle = (bytes: Uint8Array): boolean => {
  const single = makeSingleSample();
  if (!readSingle(bytes, 0, bytes.length, single)) return false;
  const found: Record<number, number> = {};
  for (let i = 0; i < single.count; i++) found[single.signals[i] as number] = single.values[i] as number;
  assert.deepEqual([{ timeMs: single.timeMs, values: found }], decodePlain(bytes));
  return true;
};

test('a report of one sample of numbers is read in one pass, and says the same', () => {
  const sample = fc.record({
    timeMs: times,
    values: fc
      .uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 200 })
      .chain((numbers) => fc.record(Object.fromEntries(numbers.map((number) => [number, stored])))),
  });
  const isPlain = ({ values: found }: PlainSample): boolean =>
    Object.values(found).every((value) => Math.abs(Number(value)) <= baseMax);
  fc.assert(
    fc.property(sample, (one) => assert.equal(checkSingle(encodePlain([one])), isPlain(one))),
    { numRuns: 500 },
  );
});

test('what is not such a report is left to the other decoder', () => {
  fc.assert(
    fc.property(samplesOf, fc.nat(), fc.nat(255), (samples, at, byte) => {
      const bytes = encodePlain(samples);
      checkSingle(bytes);
      bytes[at % bytes.length] = byte;
      checkSingle(bytes);
      for (let length = 0; length < bytes.length; length++) checkSingle(bytes.subarray(0, length));
    }),
    { numRuns: 1000 },
  );
});

test('every cut of a report is refused, and so are bytes behind it', () => {
  for (const samples of Object.values(goldens)) {
    const bytes = encodePlain(samples);
    const report = makeReportColumns();
    for (let length = 0; length < bytes.length; length++)
      assert.throws(() => decodeReport(bytes, 0, length, report), FormatError, `cut to ${length} bytes`);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    assert.throws(() => decodeReport(longer, 0, longer.length, report), /1 bytes follow/);
  }
});

test('a report that claims more than is allowed is refused before memory is taken for it', () => {
  const refused = (bytes: readonly number[], why: RegExp): void =>
    assert.throws(() => decodeReport(new Uint8Array(bytes), 0, bytes.length, makeReportColumns()), why);
  const varint = (value: number): number[] => [(value & 0x7f) | 0x80, (value >> 7) & 0x7f];
  refused([1, 0, ...varint(samplesPerReportMax + 1)], /4097 samples, expected at most 4096/);
  refused([1, 0, 1, 0, 0, 0, 0, ...varint(columnsPerReportMax + 1)], /2049 signals, expected at most 2048/);
  refused([2, 0, 0], /version 2, expected 1/);
  refused([1, 2, 0], /flags 2 are unknown/);
  // One sample at 0 ms, one column: signal 1, text, with a dictionary of two words where one is the most.
  refused([1, 0, 1, 0, 0, 0, 0, 1, 1, 0b1_0000, 2, 1, 65, 1, 66, 0], /2 words, expected 1 to 1/);
});

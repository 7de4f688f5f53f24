import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../events/index.ts';
import { chunkVersion } from './chunk-format.ts';
import { type ChunkKind, encodeChunk } from './encode-chunk.ts';
import { addToTable } from './flush-table.ts';
import { ChunkReader, readChunkHeader, reservedSection, startLength } from './read-chunk.ts';
import { doRollupsCover, type RolledSignal, RollupReader } from './read-rollups.ts';
import { RowTable } from './row-table.ts';
import { encodeTestReport, type TestReport, type TestSample } from './test-support.ts';

const startMs = Date.UTC(2026, 10, 20);

const tableOf = (reports: readonly TestReport[]): RowTable => {
  const table = new RowTable();
  for (const report of reports) {
    const record = encodeTestReport(report);
    assert.ok(addToTable(table, record, new DataView(record.buffer), 0, record.length));
  }
  table.finish();
  return table;
};

interface PlainChunk {
  readonly rows: readonly (readonly [time: number, device: number, original: number, heartbeat: number])[];
  readonly columns: Readonly<Record<string, readonly (number | string | null)[]>>;
}

const plainTable = (table: RowTable): PlainChunk => ({
  rows: Array.from(
    { length: table.rows },
    (_, i) => [table.times[i], table.devices[i], table.originals[i], table.heartbeats[i]] as [number, number, number, number],
  ),
  columns: Object.fromEntries(
    table.columns.map(({ signalNumber, isText, values, present, words }) => [
      `${signalNumber}${isText ? 't' : ''}`,
      Array.from({ length: table.rows }, (_, i) =>
        present[i] === 1 ? (isText ? (words[values[i] as number] ?? '') : (values[i] as number)) : null,
      ),
    ]),
  ),
});

const plainChunk = (bytes: Uint8Array, isWanted: (signal: number) => boolean = () => true): PlainChunk => {
  const reader = new ChunkReader();
  reader.open(bytes);
  const columns: Record<string, (number | string | null)[]> = {};
  reader.readColumns(isWanted, ({ signalNumber, values, present, words }) => {
    columns[`${signalNumber}${words ? 't' : ''}`] = Array.from({ length: reader.rows }, (_, i) =>
      present[i] === 1 ? (words ? (words[values[i] as number] ?? '') : (values[i] as number)) : null,
    );
  });
  const rows = Array.from({ length: reader.rows }, (_, i): [number, number, number, number] => {
    const time = reader.times[i] as number;
    return [
      time,
      reader.devices[i] as number,
      reader.hasOriginals ? (reader.originals[i] as number) : time,
      reader.hasHeartbeats ? (reader.heartbeats[i] as number) : 0,
    ];
  });
  return { rows, columns };
};

const number = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer({ min: -1000, max: 1000 }).map((value) => value * 10),
  fc.integer(),
  fc.maxSafeInteger().map((value) => Math.trunc(value / 2)),
);
const sample = fc.record({
  time: fc.integer({ min: startMs, max: startMs + 5000 }),
  values: fc.uniqueArray(
    fc.oneof(
      fc.tuple(fc.constantFrom(1, 2, 300, 65_535), number),
      fc.tuple(fc.constantFrom(7, 40_000), fc.string({ maxLength: 5, unit: 'grapheme' })),
    ),
    { selector: ([signal]) => signal, maxLength: 5 },
  ),
  isMoved: fc.boolean(),
});
const reports = fc.array(
  fc.record({
    deviceNo: fc.constantFrom(1, 2, 2 ** 31 - 1),
    samples: fc.uniqueArray(sample, { selector: ({ time }) => time, maxLength: 60 }),
    moves: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

const built = reports.map((all): TestReport[] =>
  all.map(({ deviceNo, samples, moves }) => ({
    vehicleNo: 1,
    deviceNo,
    receivedAt: startMs,
    samples: samples.map(
      ({ time, values, isMoved }): TestSample => ({
        time,
        values: values as [number, number | string][],
        ...(moves && isMoved ? { original: time + 1e6 } : {}),
      }),
    ),
  })),
);

const kinds = fc.constantFrom<ChunkKind>('flushed', 'merged');

test('a chunk gives back the rows it was made of', () => {
  fc.assert(
    fc.property(built, kinds, (all, kind) => {
      const table = tableOf(all);
      const bytes = encodeChunk(table, 0, table.rows, kind);
      assert.deepEqual(plainChunk(bytes), plainTable(table));
      const header = readChunkHeader(bytes);
      assert.deepEqual(header.rows, table.rows);
      assert.deepEqual([header.fromMs, header.toMs], [table.times[0], table.times[table.rows - 1]]);
    }),
    { numRuns: 300 },
  );
});

test('one column is read without the others, whatever stands before it', () => {
  fc.assert(
    fc.property(built, kinds, fc.constantFrom(1, 2, 7, 300, 40_000, 65_535), (all, kind, wanted) => {
      const table = tableOf(all);
      const bytes = encodeChunk(table, 0, table.rows, kind);
      const expected = Object.fromEntries(
        Object.entries(plainTable(table).columns).filter(([name]) => Number.parseInt(name, 10) === wanted),
      );
      assert.deepEqual(plainChunk(bytes, (signal) => signal === wanted).columns, expected);
    }),
    { numRuns: 150 },
  );
});

const drive = (count: number, everyMs: number): TestReport[] =>
  Array.from({ length: count }, (_, i) => ({
    vehicleNo: 1,
    deviceNo: 12,
    receivedAt: startMs + i * everyMs,
    samples:
      i % 50 === 49
        ? []
        : [
            {
              time: startMs + i * everyMs,
              values: [
                [1, 18_204_300 + i * 12],
                [2, 340_208_820 + ((i * 7919) % 61) * 10],
                [7, 4320 + ((i * 31) % 17) - 8],
                [36, 0],
                [60, i < 40 ? '[]' : '["P0420"]'],
              ],
            },
          ],
  }));

/** A charge that falls now and then by one or two, and a counter that rises by tens. */
const fall = (count: number): TestReport[] => {
  let charge = 900;
  return Array.from({ length: count }, (_, i) => {
    charge -= (i * 7919) % 23 === 0 ? 2 : (i * 31) % 17 < 2 ? 1 : 0;
    return {
      vehicleNo: 1,
      deviceNo: 12,
      receivedAt: startMs + i * 60_000,
      samples: [
        {
          time: startMs + i * 60_000,
          values: [
            [1, charge],
            [2, Math.floor(i / 40 + (i % 3) / 5) * 10],
          ],
        },
      ],
    };
  });
};

/** Every form that a column can have, in chunks that are long enough to compress and in one that is not. */
const goldens: Record<string, TestReport[]> = {
  'driving-1hz': drive(300, 1000),
  'once-a-minute': drive(5, 60_000),
  'moved-and-two-devices': [
    {
      vehicleNo: 1,
      deviceNo: 1,
      receivedAt: startMs,
      samples: [{ time: startMs + 5, original: startMs + 900_000, values: [[1, 2 ** 51]] }],
    },
    {
      vehicleNo: 1,
      deviceNo: 2,
      receivedAt: startMs,
      samples: [
        {
          time: startMs + 5,
          values: [
            [1, -4],
            [7, 'ä'],
            [65_535, 1],
          ],
        },
      ],
    },
    { vehicleNo: 1, deviceNo: 1, receivedAt: startMs + 9, samples: [] },
  ],
};
/** Of versions whose forms show in it. */
const goldensFrom3: Record<string, TestReport[]> = { ...goldens, 'slowly-falling': fall(600) };
const goldensOf: readonly (readonly [version: number, goldens: Record<string, TestReport[]>])[] = [
  [1, goldens],
  [2, goldens],
  [3, goldensFrom3],
];
const goldenFile = (name: string, version = 1): URL => new URL(`./golden/chunk-v${version}-${name}.bin`, import.meta.url);

for (const [version, all] of goldensOf) {
  for (const [name, reported] of Object.entries(all)) {
    test(`golden chunk ${name} of version ${version} reads as it was written`, () => {
      const table = tableOf(reported);
      // Those of older versions were written by the encoders of their time.
      if (process.env['WRITE_GOLDEN'] === '1' && version === chunkVersion)
        writeFileSync(goldenFile(name, version), encodeChunk(table, 0, table.rows, 'merged'));
      assert.deepEqual(plainChunk(readFileSync(goldenFile(name, version))), plainTable(table));
    });
  }
}

test('the golden merged chunk has the minutes of its rows', () => {
  const section = reservedSection(readFileSync(goldenFile('driving-1hz', 2)));
  assert.ok(section);
  assert.equal(doRollupsCover(section, [1, 7, 36, 60]), false, 'text is not covered');
  assert.equal(doRollupsCover(section, [1, 7, 9, 36]), true);
  const rollups = new RollupReader([1, 7, 9, 36]);
  rollups.open(section);
  const [way, speed, unknown, constant] = rollups.signals;
  const shown = (signal: RolledSignal | undefined, name: 'counts' | 'max' | 'sums'): number[] =>
    [...(signal?.[name] ?? [])].slice(0, rollups.minutes);
  assert.deepEqual(
    [...rollups.times.subarray(0, rollups.minutes)],
    [0, 1, 2, 3, 4].map((minute) => startMs + minute * 60_000),
  );
  assert.deepEqual(shown(way, 'counts'), [59, 59, 59, 59, 58]);
  assert.deepEqual(
    [way?.min[1], way?.max[1], way?.last[1]],
    [18_204_300 + 60 * 12, 18_204_300 + 119 * 12, 18_204_300 + 119 * 12],
  );
  const values = Array.from({ length: 60 }, (_, i) => (i === 49 ? 0 : 4320 + ((i * 31) % 17) - 8));
  assert.equal(
    speed?.sums[0],
    values.reduce((sum, value) => sum + value, 0),
  );
  assert.equal(unknown?.isThere, false);
  assert.deepEqual(
    [...shown(constant, 'sums'), ...shown(constant, 'max')],
    Array.from({ length: 10 }, () => 0),
  );
});

test('what stands before the columns of a chunk tells of its time and its roll-ups', () => {
  const bytes = readFileSync(goldenFile('driving-1hz', 2));
  const start = bytes.subarray(0, startLength(bytes));
  assert.ok(start.length > 0 && start.length < bytes.length);
  assert.deepEqual(readChunkHeader(start), readChunkHeader(bytes));
  assert.deepEqual(reservedSection(start), reservedSection(bytes));
  assert.equal(startLength(readFileSync(goldenFile('driving-1hz', 1))), 0, 'version 1 had no roll-ups');
});

/** A reserved section of a kind that this version does not know is passed over. */
test('a reserved section is passed over', () => {
  const bytes = readFileSync(goldenFile('once-a-minute'));
  const longer = Buffer.concat([bytes.subarray(0, 1), Buffer.from([(bytes[1] as number) | 1, 3, 9, 9, 9]), bytes.subarray(2)]);
  assert.deepEqual(plainChunk(longer), plainChunk(bytes));
});

test('a chunk that was changed is read or refused, and nothing else', () => {
  const originals = goldensOf.flatMap(([version, all]) =>
    Object.keys(all).map((name) => readFileSync(goldenFile(name, version))),
  );
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (bytes, changes, cut) => {
        const changed = Uint8Array.from(bytes);
        for (const [at, value] of changes) changed[at % changed.length] = value;
        try {
          const part = cut % 4 === 0 ? changed.subarray(0, cut % changed.length) : changed;
          const section = reservedSection(part);
          if (section && doRollupsCover(section, [1, 7])) new RollupReader([1, 7]).open(section);
          plainChunk(part);
        } catch (error) {
          refused++;
          if (!(error instanceof FormatError)) throw error;
        }
      },
    ),
    { numRuns: 20_000 },
  );
  assert.ok(refused > 1000, `${refused} refused`);
});

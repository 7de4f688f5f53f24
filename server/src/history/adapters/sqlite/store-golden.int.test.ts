import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { makeManualClock, silentLogger } from '../../../kernel/index.ts';
import { digestMonth, type MonthDigest } from '../../digest-month.ts';
import { bucketOf } from '../../month-bucket.ts';
import { openHistory } from '../../open-history.ts';
import { encodeTestReport, makeBatch } from '../../test-support.ts';
import { openChunkStore } from './open-chunk-store.ts';
import { schemaVersion } from './schema.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const golden = new URL(`../../golden/store-v${schemaVersion}/`, import.meta.url);

/** 25 minutes of one vehicle at 1 Hz, merged, and a report of two vehicles that is not yet. */
const reports = [
  ...Array.from({ length: 1500 }, (_, i) => ({ vehicleNo: 1, second: i })),
  { vehicleNo: 1, second: 2000 },
  { vehicleNo: 2, second: 2001 },
];
const records = reports.map(({ vehicleNo, second }) =>
  encodeTestReport({
    vehicleNo,
    deviceNo: 1,
    receivedAt: startMs + second * 1000,
    samples: [{ time: startMs + second * 1000, values: [[7, second % 97] as const, [35, `P${second % 3}`] as const] }],
  }),
);
/** What was reported, in the order in which a digest takes it. */
const digestOf = (vehicleNo: number): MonthDigest => {
  const own = reports.filter((report) => report.vehicleNo === vehicleNo);
  const numbers = [
    ...own.flatMap(({ second }) => [startMs + second * 1000, 1, 7, second % 97]),
    ...own.flatMap(({ second }) => [startMs + second * 1000, 1, 35, crc32(`P${second % 3}`)]),
  ];
  const half = numbers.length / 2;
  const bytesOf = (part: readonly number[]): Uint8Array => new Uint8Array(Float64Array.from(part).buffer);
  const sum = crc32(bytesOf(numbers.slice(half)), crc32(bytesOf(numbers.slice(0, half))));
  return { rows: own.length, values: own.length * 2, sum };
};

const change = { vehicleNo: 2, at: startMs + 5, from: 'never_seen', to: 'online', reason: 'none' } as const;

const writeGolden = async (folder: string): Promise<void> => {
  const history = await openHistory({
    store: { adapterModule: new URL('./index.ts', import.meta.url), adapterOptions: { folder, groups: 1 } },
    clock: makeManualClock(startMs + 60 * 86_400_000),
    logger: silentLogger,
    consentGroupOf: () => 'motion',
    failed: (error) => {
      throw error;
    },
  });
  history.apply(makeBatch(records, 0, 1500));
  history.applyStatus([change]);
  await history.flush();
  await history.merge();
  history.apply(makeBatch(records, 1500, records.length));
  await history.close();
  await mkdir(golden, { recursive: true });
  for (const name of await readdir(folder))
    await writeFile(new URL(`${name}.gz`, golden), gzipSync(await readFile(join(folder, name))));
};

test(`a store of version ${schemaVersion} is read as it was written`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'store-golden-'));
  try {
    // Never rewritten: a new version gets a new folder.
    if (process.env['WRITE_GOLDEN'] === 'store') await writeGolden(join(folder, 'written'));
    for (const name of await readdir(golden))
      await writeFile(join(folder, name.replace(/\.gz$/, '')), gunzipSync(await readFile(new URL(name, golden))));
    const store = await openChunkStore({ folder }, 'read');
    const bucket = bucketOf(startMs);
    const [one, two] = [await digestMonth(store, 1, bucket, () => true), await digestMonth(store, 2, bucket, () => true)];
    assert.deepEqual(one, digestOf(1));
    assert.deepEqual(two, digestOf(2));
    const [unit] = await store.mergeUnits();
    assert.deepEqual([unit?.mergedRows, unit?.flushedRows, unit?.vehicleNoMax], [1500, 2, 2]);
    assert.deepEqual(await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 }), [change]);
    assert.deepEqual(await store.applied(), [{ partition: 0, appliedOffset: 15_020, completeTo: startMs + 2_001_000 }]);
    await store.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

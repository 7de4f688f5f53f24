import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeManualClock, silentLogger } from '../kernel/index.ts';
import { openChunkStore } from './adapters/sqlite/index.ts';
import { type LastValue, readLastValues, valueAt } from './last-values.ts';
import { openHistory } from './open-history.ts';
import { encodeTestReport, makeBatch, type TestSample } from './test-support.ts';

const startMs = Date.UTC(2026, 9, 30, 12);
const dayMs = 86_400_000;
const [speed, weight, codes] = [7, 40, 35];

const aReport = (vehicleNo: number, deviceNo: number, day: number, ...values: TestSample['values']): Uint8Array =>
  encodeTestReport({
    vehicleNo,
    deviceNo,
    receivedAt: startMs + day * dayMs,
    samples: [{ time: startMs + day * dayMs, values }],
  });

/** A flush each. */
const flushes = [
  [aReport(1, 1, 0, [speed, 10], [weight, 700]), aReport(2, 1, 0, [speed, 1])],
  [aReport(1, 1, 1, [speed, 11], [codes, 'P1']), aReport(1, 2, 1, [speed, 90])],
  [aReport(1, 1, 2, [speed, 12]), aReport(1, 2, 2, [speed, 91]), aReport(1, 2, 2, [speed, 92])],
  [aReport(1, 1, 3, [speed, 13])],
  [aReport(1, 1, 4, [speed, 14])],
];

test('the newest values of each signal and device from the newest chunks, and older ones when their time is known', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'last-values-'));
  const history = await openHistory({
    store: { adapterModule: new URL('./adapters/sqlite/index.ts', import.meta.url), adapterOptions: { folder } },
    clock: makeManualClock(startMs),
    logger: silentLogger,
    consentGroupOf: () => 'motion',
    failed: (error) => {
      throw error;
    },
  });
  const all = flushes.flat();
  let applied = 0;
  for (const flush of flushes) {
    history.apply(makeBatch(all, applied, applied + flush.length));
    applied += flush.length;
    await history.flush();
  }
  await history.close();
  const store = await openChunkStore({ folder }, 'read');
  try {
    const found = new Map<number, readonly LastValue[]>();
    const read = (beforeOffset: number, monthsMax: number, idleChunksMax: number, hiddenMs = -1): Promise<void> => {
      found.clear();
      const isShown = (_vehicleNo: number, timeMs: number): boolean => timeMs !== hiddenMs;
      return readLastValues(
        store,
        { beforeOffset, isShown, monthsMax, idleChunksMax },
        (no, values) => void found.set(no, values),
      );
    };
    const plain = (vehicleNo: number) =>
      found
        .get(vehicleNo)
        ?.map(({ signalNumber, deviceNo, timeMs, stored }) => [signalNumber, deviceNo, (timeMs - startMs) / dayMs, stored]);

    // The last flush begins at the offset 80: it is in the log. The months part after the second flush.
    await read(80, 2, 9);
    assert.deepEqual(plain(1), [
      [weight, 1, 0, 700],
      [codes, 1, 1, 'P1'],
      [speed, 2, 2, 91],
      [speed, 1, 3, 13],
    ]);
    assert.deepEqual(plain(2), [[speed, 1, 0, 1]]);
    await read(1000, 2, 1);
    assert.deepEqual(plain(1), [[speed, 1, 4, 14]], 'the chunk before it tells of nothing else');
    await read(1000, 1, 9, startMs + 4 * dayMs);
    assert.deepEqual(plain(1)?.at(-1), [speed, 1, 3, 13]);
    assert.equal(plain(2), undefined, 'not as far back as that');

    const at = (vehicleNo: number, signalNumber: number, deviceNo: number, day: number) =>
      valueAt(store, vehicleNo, { signalNumber, deviceNo, timeMs: startMs + day * dayMs });
    assert.equal(await at(1, weight, 1, 0), 700);
    assert.equal(await at(1, codes, 1, 1), 'P1');
    assert.equal(await at(1, speed, 2, 2), 91, 'the first stored');
    assert.equal(await at(1, speed, 2, 3), undefined);
    assert.equal(await at(1, weight, 1, 1), undefined);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContractStore } from '../testing/contract-store.ts';
import { encodeChunk } from '../encode-chunk.ts';
import { addToTable } from '../flush-table.ts';
import { bucketOf } from '../month-bucket.ts';
import type { ChunkStore, StatusChange, StoredChunk } from '../ports.ts';
import { readChunkHeader } from '../read-chunk.ts';
import { RowTable } from '../row-table.ts';
import { encodeTestReport } from '../test-support.ts';

const startMs = Date.UTC(2026, 10, 20);
const bucket = bucketOf(startMs);

const makeChunk = (vehicleNo: number, firstOffset: number, seconds: readonly number[], level = 0): StoredChunk => {
  const table = new RowTable();
  const samples = seconds.map((second) => ({ time: startMs + second * 1000, values: [[7, second]] as [number, number][] }));
  const record = encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: startMs, samples });
  assert.ok(addToTable(table, record, new DataView(record.buffer), 0, record.length));
  table.finish();
  const bytes = encodeChunk(table, 0, table.rows, level === 0 ? 'flushed' : 'merged');
  return { vehicleNo, bucket, firstOffset, level, ...readChunkHeader(bytes), bytes };
};

/** Vehicle, and from which to which second its chunk goes, in the order in which they were passed. */
const scan = async (
  store: ChunkStore,
  vehicleNos: readonly number[],
  fromMs: (index: number) => number,
  toMs: number,
): Promise<string[]> => {
  const found: string[] = [];
  const take = (index: number, _offset: number, start: Uint8Array, rest: Uint8Array): void => {
    const header = readChunkHeader(start.length > 0 ? Buffer.concat([start, rest]) : rest);
    found.push(`${vehicleNos[index]}: ${(header.fromMs - startMs) / 1000}–${(header.toMs - startMs) / 1000}`);
  };
  await store.scanChunks({ bucket, vehicleNos, fromMs, toMs, take });
  return found;
};

const second = (at: number): number => startMs + at * 1000;
const many = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** What the bulk reads of every `ChunkStore` must do. */
export const testScans = (name: string, make: () => Promise<ContractStore>): void => {
  const withStore = (title: string, run: (store: ChunkStore) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const made = await make();
      const store = await made.open('write');
      try {
        await run(store);
      } finally {
        await store.close();
        await made.remove();
      }
    });
  };
  const write = (
    store: ChunkStore,
    from: number,
    to: number,
    chunks: readonly StoredChunk[],
    statusChanges: StatusChange[] = [],
  ) => store.write({ partition: 0, fromOffset: from, appliedOffset: to, completeTo: startMs, chunks, statusChanges });

  withStore('a scan passes the chunks of many vehicles that meet the period, merged ones from the newest back', async (store) => {
    assert.equal(await store.oldestMs(), undefined);
    assert.deepEqual(await store.months(0, second(1)), []);
    const first = [1, 2, 3, 5000].map((vehicleNo) => makeChunk(vehicleNo, vehicleNo, [0, 10]));
    await write(store, 0, 6000, first);
    assert.equal(await store.oldestMs(), startMs);
    assert.deepEqual(await store.months(0, second(1)), [bucket]);
    assert.deepEqual(await store.months(second(90 * 86_400), second(99 * 86_400)), []);
    await write(store, 6000, 7000, [makeChunk(2, 6000, [20, 30]), makeChunk(5000, 6001, [40])]);
    const always = (): number => Number.NEGATIVE_INFINITY;
    assert.deepEqual((await scan(store, [2, 3, 5000], always, second(25))).sort(), [
      '2: 0–10',
      '2: 20–30',
      '3: 0–10',
      '5000: 0–10',
    ]);
    assert.deepEqual(await scan(store, [2, 3, 4, 5000], () => second(11), second(60)), ['2: 20–30', '5000: 40–40']);
    assert.deepEqual(await scan(store, [2], () => second(11), second(20)), []);
    // Merged ones lie in the order in which they were written; with roll-ups they come in two pieces.
    for (const unit of await store.mergeUnits()) {
      if ((await store.readUnit(unit, 3, 4)).length === 0) continue;
      const merged = [makeChunk(3, 3, many(100, 199), 1), makeChunk(3, 3, many(0, 99), 2), makeChunk(3, 3, [200], 3)];
      await store.replace(unit, { removed: first.filter(({ vehicleNo }) => vehicleNo === 3), added: merged, removedStatus: [] });
    }
    assert.deepEqual(await scan(store, [3], always, second(500)), ['3: 200–200', '3: 100–199', '3: 0–99']);
    assert.deepEqual(await scan(store, [3], () => second(150), second(200)), ['3: 100–199']);
    assert.deepEqual(await scan(store, [3], () => second(201), second(500)), []);
  });

  withStore('changes of status come from the newest back, of some vehicles or of all of an hour', async (store) => {
    const change = (vehicleNo: number, at: number, to: 'online' | 'late'): StatusChange => ({
      vehicleNo,
      at: second(at),
      from: to === 'late' ? 'online' : 'late',
      to,
      reason: 'none',
    });
    await write(
      store,
      0,
      10,
      [],
      [change(1, 0, 'online'), change(2, 5, 'online'), change(1, 10, 'late'), change(7, 20, 'online')],
    );
    const scanStatus = async (vehicleNos: readonly number[], fromMs: number, toMs: number): Promise<string[]> => {
      const found: string[] = [];
      await store.scanStatus({
        bucket,
        vehicleNos,
        fromMs: () => fromMs,
        toMs,
        take: (index, one) => found.push(`${vehicleNos[index]} ${one.to} ${(one.at - startMs) / 1000}`),
      });
      return found;
    };
    const all = ['1 late 10', '1 online 0', '2 online 5'];
    assert.deepEqual(await scanStatus([1, 2], Number.NEGATIVE_INFINITY, second(20)), all);
    assert.deepEqual((await scanStatus([1, 2], startMs, second(20))).sort(), all);
    assert.deepEqual(await scanStatus([1, 7], second(1), second(20)), ['1 late 10']);
    assert.deepEqual(await scanStatus([7], Number.NEGATIVE_INFINITY, second(20)), []);
  });
};

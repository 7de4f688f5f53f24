import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeChunk } from './encode-chunk.ts';
import { addToTable } from './flush-table.ts';
import { bucketOf } from './month-bucket.ts';
import type { ChunkFlush, ChunkStore, StatusChange, StatusQuery, StoredChunk } from './ports.ts';
import { RowTable } from './row-table.ts';
import { encodeTestReport } from './test-support.ts';

export interface ContractStore {
  /** Opens the same store each time. */
  open(mode: 'write' | 'read'): Promise<ChunkStore>;
  remove(): Promise<void>;
}

const startMs = Date.UTC(2026, 10, 20);
const monthBefore = Date.UTC(2026, 9, 31);

/** A chunk of one value a time. */
const makeChunk = (vehicleNo: number, firstOffset: number, times: readonly number[], level = 0): StoredChunk => {
  const table = new RowTable();
  const samples = times.map((time) => ({ time, values: [[7, firstOffset]] as [number, number][] }));
  const record = encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: startMs, samples });
  assert.ok(addToTable(table, record, new DataView(record.buffer), 0, record.length));
  table.finish();
  const fromMs = Math.min(...times);
  return {
    vehicleNo,
    bucket: bucketOf(fromMs),
    firstOffset,
    level,
    fromMs,
    toMs: Math.max(...times),
    rows: times.length,
    bytes: encodeChunk(table, 0, table.rows),
  };
};

const makeFlush = (
  fromOffset: number,
  appliedOffset: number,
  chunks: readonly StoredChunk[],
  statusChanges: readonly StatusChange[] = [],
): ChunkFlush => ({
  partition: 0,
  fromOffset,
  appliedOffset,
  completeTo: startMs + appliedOffset,
  chunks: [...chunks].sort((a, b) => a.vehicleNo - b.vehicleNo || a.firstOffset - b.firstOffset || a.level - b.level),
  statusChanges,
});

const readAll = async (
  store: ChunkStore,
  vehicleNo: number,
  fromMs = 0,
  toMs = Number.MAX_SAFE_INTEGER,
): Promise<StoredChunk[]> => {
  const chunks: StoredChunk[] = [];
  for await (const chunk of store.read(vehicleNo, fromMs, toMs)) chunks.push({ ...chunk, bytes: Uint8Array.from(chunk.bytes) });
  return chunks;
};

const offline = (vehicleNo: number, at: number): StatusChange => ({
  vehicleNo,
  at: startMs + at,
  from: 'late',
  to: 'offline',
  reason: 'silent',
});
const online = (vehicleNo: number, at: number): StatusChange => ({
  vehicleNo,
  at: startMs + at,
  from: 'offline',
  to: 'online',
  reason: 'none',
});

/** What every `ChunkStore` must do; each test has a store of its own. */
export const testChunkStore = (name: string, make: () => Promise<ContractStore>): void => {
  const withStore = (title: string, run: (store: ChunkStore, made: ContractStore) => Promise<void>): void => {
    test(title, async () => {
      const made = await make();
      const store = await made.open('write');
      try {
        await run(store, made);
      } finally {
        await store.close();
        await made.remove();
      }
    });
  };

  describe(`${name} is a chunk store`, () => {
    withStore('an empty store says so', async (store) => {
      assert.equal(await store.appliedOffset(0), undefined);
      assert.deepEqual(await store.applied(), []);
      assert.deepEqual(await readAll(store, 1), []);
      const { chunks, rows } = await store.statistics();
      assert.deepEqual([chunks, rows], [0, 0]);
    });

    withStore('chunks come back in order of firstOffset, for their vehicle and period alone', async (store) => {
      const first = [makeChunk(1, 10, [startMs, startMs + 100]), makeChunk(1, 60, [startMs - 50]), makeChunk(2, 20, [startMs])];
      const second = [makeChunk(1, 110, [startMs + 200, startMs + 300]), makeChunk(4_000_000, 120, [startMs])];
      await store.write(makeFlush(0, 100, first));
      await store.write(makeFlush(100, 200, second));
      assert.deepEqual(await readAll(store, 1), [first[0], first[1], second[0]]);
      assert.deepEqual(await readAll(store, 2), [first[2]]);
      assert.deepEqual(await readAll(store, 4_000_000), [second[1]]);
      assert.deepEqual(await readAll(store, 3), []);
      assert.deepEqual(await readAll(store, 1, startMs + 100, startMs + 200), [first[0]]);
      assert.deepEqual(await readAll(store, 1, startMs + 101, startMs + 200), []);
      assert.deepEqual(await readAll(store, 1, startMs + 300, startMs + 301), [second[0]]);
    });

    withStore('many vehicles with many chunks each are all found', async (store) => {
      const chunks = Array.from({ length: 3000 }, (_, i) =>
        makeChunk(
          1 + Math.floor(i / 7),
          1000 + i,
          Array.from({ length: 1 + (i % 90) }, (__, row) => startMs + row * 17),
        ),
      );
      await store.write(makeFlush(1000, 5000, chunks));
      for (const vehicleNo of [1, 2, 3, 57, 200, 428, 429]) {
        assert.deepEqual(
          await readAll(store, vehicleNo),
          chunks.filter((chunk) => chunk.vehicleNo === vehicleNo),
        );
      }
    });

    withStore('a period of two months is read as one', async (store) => {
      const chunks = [makeChunk(1, 10, [startMs]), makeChunk(1, 11, [monthBefore]), makeChunk(1, 12, [startMs + 1])];
      await store.write(makeFlush(0, 100, chunks));
      assert.deepEqual(await readAll(store, 1), chunks);
      assert.deepEqual(await readAll(store, 1, monthBefore, monthBefore + 1), [chunks[1]]);
    });

    withStore('writing a flush again changes nothing', async (store) => {
      const flush = makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [monthBefore])], [offline(1, 5)]);
      await store.write(flush);
      await store.write(flush);
      assert.equal((await readAll(store, 1)).length, 2);
      assert.equal((await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 })).length, 1);
    });

    withStore('of a flush written twice the one that ends later stays, in either order', async (store) => {
      const shorter = makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(2, 20, [startMs])]);
      const longer = makeFlush(0, 200, [
        makeChunk(1, 10, [startMs, startMs + 9]),
        makeChunk(2, 20, [startMs]),
        makeChunk(3, 150, [startMs]),
      ]);
      for (const order of [
        [shorter, longer],
        [longer, shorter],
      ]) {
        for (const flush of order) await store.write(flush);
        for (const vehicleNo of [1, 2, 3]) {
          assert.deepEqual(
            await readAll(store, vehicleNo),
            longer.chunks.filter((chunk) => chunk.vehicleNo === vehicleNo),
          );
        }
      }
    });

    withStore('the applied offset of each partition is what was written last, and never goes back', async (store, made) => {
      await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs])]));
      await store.write({ ...makeFlush(0, 40, []), partition: 3 });
      await store.write(makeFlush(100, 300, []));
      await store.write(makeFlush(100, 200, []));
      assert.equal(await store.appliedOffset(0), 300);
      await store.close();
      const again = await made.open('write');
      assert.deepEqual(await again.applied(), [
        { partition: 0, appliedOffset: 300, completeTo: startMs + 300 },
        { partition: 3, appliedOffset: 40, completeTo: startMs + 40 },
      ]);
      assert.equal((await readAll(again, 1)).length, 1);
      await again.close();
    });

    withStore('a reader sees what was committed, at once', async (store, made) => {
      const reader = await made.open('read');
      try {
        assert.deepEqual(await readAll(reader, 1), []);
        for (let i = 0; i < 20; i++) {
          await store.write(makeFlush(i * 10, i * 10 + 10, [makeChunk(1, i * 10, [startMs + i])]));
          assert.equal((await readAll(reader, 1)).length, i + 1);
        }
      } finally {
        await reader.close();
      }
    });

    withStore('a merged chunk stands beside flushed ones, after them at the same offset', async (store) => {
      const flushed = makeChunk(1, 10, [startMs]);
      const merged = makeChunk(1, 10, [startMs, startMs + 1], 1);
      await store.write(makeFlush(0, 100, [flushed, merged]));
      assert.deepEqual(await readAll(store, 1), [flushed, merged]);
    });

    withStore('status changes are found by vehicle, time and status, newest first, by pages', async (store) => {
      const all = [offline(2, 900), online(5, 900), online(1, 500), offline(1, 100), offline(3, -40 * 86_400_000)];
      await store.write(makeFlush(0, 10, [], all));
      const query: StatusQuery = { vehicleNos: null, fromMs: 0, toMs: startMs + 1000, limit: 10 };
      assert.deepEqual(await store.readStatus(query), all);
      assert.deepEqual(await store.readStatus({ ...query, vehicleNos: [1] }), [all[2], all[3]]);
      assert.deepEqual(await store.readStatus({ ...query, vehicleNos: [3, 5] }), [all[1], all[4]]);
      assert.deepEqual(await store.readStatus({ ...query, to: 'offline', limit: 2 }), [all[0], all[3]]);
      assert.deepEqual(await store.readStatus({ ...query, fromMs: startMs + 100, toMs: startMs + 900 }), [all[2], all[3]]);
      assert.deepEqual(await store.readStatus({ ...query, after: { at: startMs + 900, vehicleNo: 2 }, limit: 2 }), [
        all[1],
        all[2],
      ]);
    });

    withStore('changes of one vehicle in one ms are never parted', async (store) => {
      const both = [offline(1, 5), online(1, 5)];
      await store.write(makeFlush(0, 10, [], [...both, online(2, 1)]));
      const page = await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 1 });
      assert.deepEqual(new Set(page.map(({ to }) => to)), new Set(['offline', 'online']));
      assert.equal(page.length, 2);
    });

    withStore('only months that ended before are dropped', async (store) => {
      await store.write(
        makeFlush(
          0,
          10,
          [makeChunk(1, 1, [monthBefore]), makeChunk(1, 2, [startMs])],
          [offline(1, 1), offline(1, -30 * 86_400_000)],
        ),
      );
      await store.dropBefore(Date.UTC(2026, 10, 1) - 1);
      assert.equal((await readAll(store, 1)).length, 2);
      await store.dropBefore(startMs);
      assert.deepEqual(
        (await readAll(store, 1)).map(({ fromMs }) => fromMs),
        [startMs],
      );
      assert.equal((await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 })).length, 1);
      assert.equal(await store.appliedOffset(0), 10);
    });

    withStore('the statistics count chunks, rows and bytes', async (store) => {
      await store.write(makeFlush(0, 10, [makeChunk(1, 1, [startMs, startMs + 1]), makeChunk(2, 2, [monthBefore])]));
      const { chunks, rows, bytes } = await store.statistics();
      assert.deepEqual([chunks, rows], [2, 3]);
      assert.ok(bytes > 0);
    });
  });
};

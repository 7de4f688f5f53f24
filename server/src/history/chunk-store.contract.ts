import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { bucketOf } from './month-bucket.ts';
import type { StatusChange, StatusQuery } from './ports.ts';
import { reservedSection } from './read-chunk.ts';
import {
  type ContractStore,
  eachWithStore,
  makeChunk,
  makeFlush,
  monthBefore,
  readAll,
  startMs,
  unitOf,
} from './testing/contract-store.ts';

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
  const withStore = eachWithStore(make);

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

    withStore('a replacement takes chunks out and puts others in, and again changes nothing', async (store) => {
      const old = Array.from({ length: 400 }, (_, i) => makeChunk(1 + (i % 100), 10 + i, [startMs + i, startMs + 1000 + i]));
      await store.write(makeFlush(0, 250, old.slice(0, 240)));
      await store.write(makeFlush(250, 500, old.slice(240)));
      const removed = old.filter(({ vehicleNo }) => vehicleNo >= 20 && vehicleNo < 60);
      const unit = await unitOf(store, 20);
      const group = new Set((await store.readUnit(unit, 0, 1000)).map(({ vehicleNo }) => vehicleNo));
      const taken = removed.filter(({ vehicleNo }) => group.has(vehicleNo));
      const added = [...new Set(taken.map(({ vehicleNo }) => vehicleNo))].map((vehicleNo) =>
        makeChunk(
          vehicleNo,
          taken.find((chunk) => chunk.vehicleNo === vehicleNo)?.firstOffset ?? 0,
          [startMs, startMs + 1399],
          1,
        ),
      );
      for (let i = 0; i < 2; i++) {
        await store.replace(unit, { removed: taken, added, removedStatus: [] });
        const left = old.filter((chunk) => !taken.includes(chunk));
        for (const vehicleNo of [1, 19, 20, 21, 30, 59, 60, 100]) {
          const expected = [...left, ...added].filter((chunk) => chunk.vehicleNo === vehicleNo);
          assert.deepEqual(await readAll(store, vehicleNo), expected);
        }
        const { chunks, rows } = await store.statistics();
        assert.deepEqual([chunks, rows], [left.length + added.length, (left.length + added.length) * 2]);
      }
      assert.deepEqual(await store.readMerged(added.slice(0, 3)), added.slice(0, 3));
      await store.write(makeFlush(0, 250, old.slice(0, 240)));
      assert.equal((await readAll(store, added[0]?.vehicleNo ?? 0)).length, 1);
    });

    withStore('what is only put in makes its month; what is taken out of a dropped one does not', async (store) => {
      const chunk = makeChunk(1, 10, [startMs], 1);
      await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs])]));
      const unit = await unitOf(store, 1);
      await store.dropBefore(Date.UTC(2030, 0));
      await store.replace(unit, { removed: [makeChunk(1, 10, [startMs])], added: [chunk], removedStatus: [] });
      assert.deepEqual(await readAll(store, 1), []);
      await store.replace(unit, { removed: [], added: [chunk], removedStatus: [] });
      assert.deepEqual(await readAll(store, 1), [chunk]);
    });

    withStore('what can be merged is what complete flushes wrote, by month and group', async (store) => {
      await store.write(
        makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [monthBefore]), makeChunk(2, 30, [startMs])]),
      );
      const units = await store.mergeUnits();
      assert.deepEqual([...new Set(units.map(({ bucket }) => bucket))], [bucketOf(monthBefore), bucketOf(startMs)]);
      assert.equal(
        units.reduce((sum, { flushedChunks }) => sum + flushedChunks, 0),
        3,
      );
      const unit = await unitOf(store, 1);
      assert.deepEqual([unit.oldestFlushMs, unit.mergedChunks, unit.swept], [startMs + 100, 0, '']);
      const [vehicle] = await store.readUnit(unit, 1, 2);
      assert.deepEqual(vehicle, { vehicleNo: 1, flushed: [makeChunk(1, 10, [startMs])], merged: [] });
      const merged = makeChunk(1, 10, [startMs, startMs + 5], 1);
      await store.replace(unit, { removed: vehicle?.flushed ?? [], added: [merged], removedStatus: [], swept: 'x' });
      const { bytes, ...info } = merged;
      assert.ok(bytes.length > 0);
      assert.deepEqual(await store.readUnit(unit, 0, 2), [{ vehicleNo: 1, flushed: [], merged: [{ ...info, hasMoved: false }] }]);
      const after = await unitOf(store, 1);
      assert.deepEqual([after.mergedChunks, after.mergedRows, after.swept], [1, 2, 'x']);
      assert.equal(await store.giveBack(after, 1 << 30), 0);
    });

    withStore('a merged chunk is read whole, or as far as its roll-ups go', async (store) => {
      await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [startMs + 3_600_000])]));
      const unit = await unitOf(store, 1);
      const seconds = Array.from({ length: 200 }, (_, i) => startMs + i * 1000);
      const merged = makeChunk(1, 10, seconds, 1, 'merged');
      assert.ok(reservedSection(merged.bytes));
      await store.replace(unit, { removed: [makeChunk(1, 10, [startMs])], added: [merged], removedStatus: [] });
      const whole = [merged, makeChunk(1, 20, [startMs + 3_600_000])];
      assert.deepEqual(await readAll(store, 1), whole);
      const [start, other] = await readAll(store, 1, 0, Number.MAX_SAFE_INTEGER, 'start');
      assert.deepEqual(other, whole[1], 'one without roll-ups is whole');
      assert.ok(start);
      const { bytes, isCut, ...key } = start;
      assert.deepEqual({ ...key, bytes: merged.bytes }, merged);
      assert.deepEqual(reservedSection(bytes), reservedSection(merged.bytes));
      if (isCut) assert.ok(bytes.length < merged.bytes.length);
      assert.deepEqual(await store.readMerged([start]), [merged]);
    });

    withStore('status changes of a vehicle and time are removed with a replacement', async (store) => {
      await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs])], [offline(1, 5), offline(1, 50), offline(2, 5)]));
      const unit = await unitOf(store, 1);
      await store.replace(unit, {
        removed: [],
        added: [],
        removedStatus: [{ vehicleNo: 1, fromMs: startMs, toMs: startMs + 50 }],
      });
      const left = await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 });
      assert.deepEqual(left, [offline(1, 50), offline(2, 5)]);
    });

    withStore('a reader sees a replacement whole or not at all', async (store, made) => {
      const reader = await made.open('read');
      try {
        let parts = [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [startMs + 1])];
        await store.write(makeFlush(0, 100, parts));
        const unit = await unitOf(store, 1);
        for (let level = 1; level < 30; level++) {
          const added = [makeChunk(1, 10, [startMs], level * 2), makeChunk(1, 10, [startMs + 1], level * 2 + 1)];
          const reading = readAll(reader, 1);
          await store.replace(unit, { removed: parts, added, removedStatus: [] });
          assert.equal((await reading).length, 2);
          assert.deepEqual(await readAll(reader, 1), added);
          parts = added;
        }
      } finally {
        await reader.close();
      }
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

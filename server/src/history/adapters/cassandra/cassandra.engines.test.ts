import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, types } from 'cassandra-driver';
import { wellKnown } from '@milepost/contract';
import { encodeChunk } from '../../encode-chunk.ts';
import { addToTable } from '../../flush-table.ts';
import { groupTable, type HidingRules, nothingHidden } from '../../hidden-values.ts';
import { bucketOf } from '../../month-bucket.ts';
import { readChunkHeader } from '../../read-chunk.ts';
import { RowTable } from '../../row-table.ts';
import { encodeTestReport } from '../../test-support.ts';
import { MergePass } from '../../merge-pass.ts';
import type { ChunkStore, StoredChunk } from '../../ports.ts';
import { makeChunk, makeFlush, readAll, startMs, unitOf } from '../../testing/contract-store.ts';
import { openChunkStore } from './open-chunk-store.ts';
import type { CassandraStoreOptions } from './options.ts';
import { makeStores } from './test-cassandra.ts';

const address = process.env['TEST_CASSANDRA'];
const dayMs = 86_400_000;
/** Everything stored is due. */
const farLaterMs = Date.UTC(2027, 11);

const mergeAll = async (store: ChunkStore, rules: HidingRules = nothingHidden): Promise<void> => {
  const merging = new MergePass(store);
  merging.setRules(
    rules,
    groupTable(() => 'motion'),
  );
  for (let steps = 0; await merging.step(farLaterMs); steps++) assert.ok(steps < 100, 'merging comes to no end');
};

/** A chunk with a signal that has a column of its own, another number and a text. */
const mixedChunk = (vehicleNo: number, times: readonly number[], firstOffset = 10): StoredChunk => {
  const values: [number, number | string][] = [
    [wellKnown.heading, 900],
    [wellKnown.speed, 1250],
    [wellKnown.faultCodes, '["P0420"]'],
  ];
  const samples = times.map((time) => ({ time, values }));
  const record = encodeTestReport({ vehicleNo, deviceNo: 1, receivedAt: startMs, samples });
  const table = new RowTable();
  assert.ok(addToTable(table, record, new DataView(record.buffer), 0, record.length));
  table.finish();
  const bytes = encodeChunk(table, 0, table.rows);
  return { vehicleNo, bucket: bucketOf(startMs), firstOffset, level: 0, ...readChunkHeader(bytes), bytes };
};

const rowsOf = (chunks: readonly StoredChunk[]): number => chunks.reduce((sum, { rows }) => sum + rows, 0);

const tests = (node: string): void => {
  const withStore = (
    title: string,
    more: Partial<CassandraStoreOptions>,
    run: (store: ChunkStore, client: Client, options: CassandraStoreOptions) => Promise<void>,
  ): void => {
    void test(title, async () => {
      const { options } = await makeStores(node, 1, more);
      const { keyspace } = options;
      const client = new Client({ contactPoints: [node], localDataCenter: 'datacenter1', keyspace });
      const store = await openChunkStore(options, 'write');
      try {
        await run(store, client, options);
      } finally {
        await store.close();
        await client.execute(`DROP KEYSPACE ${keyspace}`);
        await client.shutdown();
      }
    });
  };

  withStore('a flush that comes late, after its chunks were merged, brings nothing back', {}, async (store, _client, options) => {
    const flush = makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [startMs + 1])]);
    await store.write(flush);
    await mergeAll(store);
    const merged = await readAll(store, 1);
    assert.deepEqual([merged.length, rowsOf(merged)], [1, 2]);
    // A process that does not know how far the log is applied, and cannot be told: its rows come all the same.
    const late = await openChunkStore(options, 'write');
    await late.write({ ...flush, fromOffset: 5, appliedOffset: 160, chunks: flush.chunks });
    await late.close();
    assert.deepEqual(await readAll(store, 1), merged);
    await mergeAll(store);
    assert.deepEqual(await readAll(store, 1), merged);
    assert.deepEqual(
      (await store.mergeUnits()).map(({ flushedChunks }) => flushedChunks),
      [0],
    );
  });

  withStore(
    'a merge of what another process merged meanwhile is refused, and no row is lost',
    {},
    async (store, _client, options) => {
      await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(1, 20, [startMs + 1])]));
      const unit = await unitOf(store, 1);
      const [seen] = await store.readUnit(unit, 0, 10);
      const other = await openChunkStore(options, 'write');
      await other.write(makeFlush(100, 200, [makeChunk(1, 110, [startMs + 2])]));
      await mergeAll(other);
      await other.write(makeFlush(200, 300, [makeChunk(1, 210, [startMs + 3])]));
      const merged = await readAll(other, 1);
      const stale = { removed: seen?.flushed ?? [], added: [makeChunk(1, 10, [startMs, startMs + 1], 1)], removedStatus: [] };
      await store.replace(unit, stale);
      assert.deepEqual(await readAll(store, 1), merged);
      // It has seen the last flush, too, which is there still.
      await store.readUnit(unit, 0, 10);
      const again = await other.readUnit(unit, 0, 10);
      const newest = again[0]?.flushed ?? [];
      await other.replace(unit, { removed: newest, added: [makeChunk(1, 210, [startMs + 3], 1)], removedStatus: [] });
      await assert.rejects(
        store.replace(unit, { removed: merged, added: [], removedStatus: [] }),
        /was merged by another: it is read again/,
      );
      assert.equal(rowsOf(await readAll(store, 1)), 4);
      await other.close();
    },
  );

  withStore('figures that a kill left behind are set right by the next merge', {}, async (store, client) => {
    await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs]), makeChunk(2, 20, [startMs])]));
    const { rows } = await client.execute('SELECT * FROM flush');
    await mergeAll(store);
    // As if the batches of the vehicles had been done, and not what follows them.
    const names = Object.keys(rows[0] ?? {});
    await client.execute(
      `INSERT INTO flush (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      names.map((name) => rows[0]?.[name] as unknown),
      { prepare: true },
    );
    await client.execute(
      'UPDATE unit SET flushed_chunks = 2, flushed_rows = 2, merged_chunks = 7 WHERE one = 0 AND bucket = 682 AND grp = 0',
    );
    assert.equal((await store.mergeUnits())[0]?.flushedChunks, 2);
    await mergeAll(store);
    const [unit] = await store.mergeUnits();
    assert.deepEqual([unit?.flushes, unit?.flushedChunks, unit?.mergedChunks, unit?.mergedRows], [0, 0, 2, 2]);
    const { chunks } = await store.statistics();
    assert.equal(chunks, 2);
  });

  withStore('what a flush wrote before it was cut off is merged when the log is applied that far', {}, async (store, client) => {
    const chunks = [makeChunk(1, 10, [startMs]), makeChunk(1, 150, [startMs + 1])];
    await store.write(makeFlush(0, 200, chunks));
    await client.execute('TRUNCATE applied');
    await store.write(makeFlush(0, 100, [makeChunk(1, 10, [startMs])]));
    assert.deepEqual((await store.readUnit(await unitOf(store, 1), 0, 10))[0]?.flushed, [makeChunk(1, 10, [startMs])]);
    await store.write(makeFlush(100, 220, [makeChunk(1, 150, [startMs + 1, startMs + 2])]));
    await mergeAll(store);
    const merged = await readAll(store, 1);
    assert.deepEqual([merged.length, rowsOf(merged)], [1, 3]);
  });

  withStore('everything of a month dies so long after its end', { retentionDays: 1000 }, async (store, client) => {
    const nowMs = Date.now();
    const status = { vehicleNo: 1, at: nowMs, from: 'late', to: 'offline', reason: 'silent' } as const;
    await store.write({
      ...makeFlush(0, 100, [makeChunk(1, 10, [nowMs]), makeChunk(1, 20, [nowMs + 1])], [status]),
      completeTo: nowMs,
    });
    const date = new Date(nowMs);
    const endMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) + 1000 * dayMs;
    const expectTtl = async (query: string): Promise<void> => {
      const row = (await client.execute(query)).first();
      const ttl = Number(row?.['ttl']);
      assert.ok(Math.abs(ttl - (endMs - nowMs) / 1000) < 60, `${query}: ${ttl} seconds`);
    };
    await expectTtl('SELECT ttl(bytes) AS ttl FROM chunk');
    await expectTtl('SELECT ttl(reason) AS ttl FROM status');
    await expectTtl('SELECT ttl(reason) AS ttl FROM status_by_time');
    await mergeAll(store);
    assert.equal((await readAll(store, 1)).length, 1);
    await expectTtl('SELECT ttl(bytes) AS ttl FROM chunk');
    const { rows } = await client.execute('SELECT writetime(bytes) AS written FROM chunk');
    assert.ok(
      Math.abs(Number(rows[0]?.['written']) / 1000 - nowMs) < 3_600_000,
      'files of compaction are sorted by the time of writing',
    );
  });

  withStore('each sample is a row of car_logs, which is written again without harm', { carLogs: true }, async (store, client) => {
    const chunks = [mixedChunk(5, [startMs, startMs + 1000, startMs + dayMs])];
    await store.write(makeFlush(0, 100, chunks));
    await client.execute('TRUNCATE applied');
    await store.write(makeFlush(0, 100, chunks));
    const { rows } = await client.execute(
      'SELECT timestamp, device_no, latitude, speed, numbers, texts FROM car_logs WHERE car_id = 5 AND day = ?',
      [types.LocalDate.fromString(new Date(startMs).toISOString().slice(0, 10))],
      { prepare: true },
    );
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [0, 1000].map((ms) => ({
        timestamp: new Date(startMs + ms),
        device_no: 1,
        latitude: null,
        speed: 12.5,
        numbers: { [wellKnown.heading]: 90 },
        texts: { [wellKnown.faultCodes]: '["P0420"]' },
      })),
    );
    const all = await client.execute('SELECT count(*) AS count FROM car_logs');
    assert.equal(Number(all.first()?.['count']), 3);
  });

  withStore(
    'what was erased is no row of car_logs any more, nor what comes of it later',
    { carLogs: true },
    async (store, client) => {
      const rows = async (): Promise<string[]> => {
        const found = await client.execute('SELECT car_id, timestamp FROM car_logs');
        return found.rows.map((row) => `${row['car_id']} ${Number(row['timestamp']) - startMs}`).sort();
      };
      const erased = [{ vehicleNo: 5, fromMs: startMs + 1000, toMs: startMs + dayMs + 1 }];
      await store.write(
        makeFlush(0, 100, [mixedChunk(5, [startMs, startMs + 1000, startMs + dayMs]), mixedChunk(6, [startMs + 1000])]),
      );
      assert.equal((await rows()).length, 4);
      await mergeAll(store, { ...nothingHidden, erased });
      assert.deepEqual(await rows(), ['5 0', '6 1000']);
      await store.write(makeFlush(100, 200, [mixedChunk(5, [startMs + 2000, startMs + dayMs + 1], 110)]));
      assert.deepEqual(
        await rows(),
        ['5 0', `5 ${dayMs + 1}`, '6 1000'],
        'what comes within a day of the erasure is gone at once',
      );
      // As it is written when days have passed.
      const day = new Date(startMs + 2000).toISOString().slice(0, 10);
      await client.execute(
        `INSERT INTO car_logs (car_id, day, timestamp, device_no, speed) VALUES (5, '${day}', ${startMs + 2000}, 1, 1)`,
      );
      assert.equal((await rows()).length, 4);
      await mergeAll(store, { ...nothingHidden, erased });
      assert.deepEqual(await rows(), ['5 0', `5 ${dayMs + 1}`, '6 1000']);
    },
  );

  withStore('the number of groups is fixed when the store is made', {}, async (_store, _client, options) => {
    await assert.rejects(openChunkStore({ ...options, groups: 4 }, 'read'), /was made with 1 groups, it cannot be opened with 4/);
    await assert.rejects(openChunkStore({ ...options, keyspace: 'system_schema' }, 'read'), /npm run cassandra-schema makes it/);
    const nowhere = { ...options, contactPoints: ['127.0.0.1:1'] };
    await assert.rejects(openChunkStore(nowhere, 'read'), /Cassandra: 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/);
  });
};

if (address) describe('history on Cassandra', () => tests(address));

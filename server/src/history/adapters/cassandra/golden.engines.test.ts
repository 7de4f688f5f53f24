import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Client } from 'cassandra-driver';
import { MergePass } from '../../merge-pass.ts';
import { readAll, startMs, unitOf } from '../../testing/contract-store.ts';
import { openChunkStore } from './open-chunk-store.ts';
import { makeStores } from './test-cassandra.ts';

const address = process.env['TEST_CASSANDRA'];

/** Rows by table, as `SELECT JSON *` gave them. */
type Golden = Readonly<Record<string, readonly object[]>>;
const golden = JSON.parse(readFileSync(new URL('./golden/rows-v1.json', import.meta.url), 'utf8')) as Golden;

/**
 * Vehicle 1: a merged chunk of 200 rows with roll-ups and a flushed one of 1 row; vehicle 2: a flushed one of two tries, the second of which is longer; two
 * changes of status; partition 0 applied to 300 and claimed once.
 */
test('rows of version 1 are read and merged on', { skip: address ? false : 'no Cassandra' }, async (context) => {
  const { options } = await makeStores(address ?? '', 1);
  const client = new Client({ contactPoints: [address ?? ''], localDataCenter: 'datacenter1', keyspace: options.keyspace });
  context.after(() => client.shutdown());
  for (const [table, rows] of Object.entries(golden))
    for (const row of rows) await client.execute(`INSERT INTO ${table} JSON ?`, [JSON.stringify(row)], { prepare: true });
  const store = await openChunkStore(options, 'write');
  context.after(() => store.close());
  const figuresOf = async (vehicleNo: number): Promise<number[][]> =>
    (await readAll(store, vehicleNo)).map(({ firstOffset, level, rows, fromMs }) => [firstOffset, level, rows, fromMs - startMs]);
  assert.deepEqual(await figuresOf(1), [
    [10, 1, 200, 0],
    [210, 0, 1, 3_600_000],
  ]);
  assert.deepEqual(await figuresOf(2), [[220, 0, 2, 0]]);
  const [cut] = await readAll(store, 1, 0, Number.MAX_SAFE_INTEGER, 'start');
  assert.equal(cut?.isCut, true);
  assert.deepEqual(await store.applied(), [{ partition: 0, appliedOffset: 300, completeTo: startMs + 300 }]);
  assert.equal(await store.claim(0), 2);
  const changes = await store.readStatus({ vehicleNos: null, fromMs: 0, toMs: startMs * 2, limit: 10 });
  assert.deepEqual(
    changes.map(({ vehicleNo, at, from, to, reason }) => [vehicleNo, at - startMs, from, to, reason]),
    [
      [2, 50, 'offline', 'online', 'none'],
      [1, 5, 'late', 'offline', 'silent'],
    ],
  );
  assert.deepEqual(await store.readStatus({ vehicleNos: [1, 2], fromMs: 0, toMs: startMs * 2, limit: 10 }), changes);
  const { mergedChunks, mergedRows, flushedChunks, vehicleNoMax } = await unitOf(store, 1);
  assert.deepEqual([mergedChunks, mergedRows, flushedChunks, vehicleNoMax], [1, 200, 2, 2]);
  const merging = new MergePass(store);
  while (await merging.step(Date.UTC(2027, 11)));
  assert.deepEqual(await figuresOf(1), [[10, 2, 201, 0]]);
  assert.deepEqual(await figuresOf(2), [[220, 1, 2, 0]]);
});

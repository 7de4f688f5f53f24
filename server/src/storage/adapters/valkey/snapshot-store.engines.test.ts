import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../testing/wait.ts';
import { makeValkeySnapshotStore, type Valkey } from './index.ts';
import { openTestValkey, startTestValkey } from './testing/own-server.ts';

const partBytes = 1000;
const small = { snapshotPartBytesMax: partBytes };

async function* parts(count: number, asked: () => void = () => {}): AsyncIterable<Uint8Array> {
  for (let i = 0; i < count; i++) {
    asked();
    yield Buffer.alloc(partBytes, i);
  }
}

const keysOf = async (valkey: Valkey): Promise<string[]> =>
  ((await valkey.request(['KEYS', '*'])) as Buffer[]).map(String).toSorted();
const partKeys = async (valkey: Valkey): Promise<string[]> => (await keysOf(valkey)).filter((key) => key.includes('-parts:'));
const ttlOf = async (valkey: Valkey, key: string): Promise<number> => Number(await valkey.request(['PTTL', key]));

test('everything of a snapshot goes by itself in the end, its entry in the index too', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const long = await openTestValkey(context, `redis://${engine.address}`, small);
  await makeValkeySnapshotStore(long).write('long', parts(3));
  const [list = ''] = await partKeys(long);
  const monthMs = 30 * 86_400_000;
  for (const key of ['milepost:snapshot:long', list]) {
    const ttlMs = await ttlOf(long, key);
    assert.ok(ttlMs > monthMs - 60_000 && ttlMs <= monthMs, `${key}: ${ttlMs} ms`);
  }
  const short = await openTestValkey(context, `redis://${engine.address}`, { ...small, snapshotTtlMs: 50 });
  const store = makeValkeySnapshotStore(short);
  await store.write('short', parts(3));
  await until('it is gone', async () => (await store.read('short')) === undefined);
  assert.deepEqual(await store.names(''), ['long']);
  assert.equal(await short.request(['ZCARD', 'milepost:snapshots']), 1);
  assert.deepEqual(await keysOf(long), ['milepost:snapshot:long', list, 'milepost:snapshots'].toSorted());
});

test('what a killed writer left goes; a write that goes on renews it', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const writingTtlMs = 300;
  const valkey = await openTestValkey(context, `redis://${engine.address}`, { ...small, snapshotWritingTtlMs: writingTtlMs });
  const store = makeValkeySnapshotStore(valkey);
  async function* slowly(): AsyncIterable<Uint8Array> {
    for await (const part of parts(5)) {
      yield part;
      await delay(writingTtlMs / 2);
    }
  }
  assert.equal(await store.write('slow', slowly()), 5 * partBytes);
  assert.equal((await store.read('slow'))?.length, 5 * partBytes);
  // The writer is never asked again, as if its process had been killed.
  const killed = await openTestValkey(context, `redis://${engine.address}`, { ...small, snapshotWritingTtlMs: writingTtlMs });
  const never = Promise.withResolvers<void>();
  async function* stuck(): AsyncIterable<Uint8Array> {
    yield* parts(6);
    await never.promise;
  }
  const writing = assert.rejects(makeValkeySnapshotStore(killed).write('killed', stuck()), { code: 'unavailable' });
  await until('it has begun', async () => (await partKeys(valkey)).some((key) => key.includes(':killed:')));
  await until('what it left is gone', async () => !(await partKeys(valkey)).some((key) => key.includes(':killed:')));
  // One that comes back from a long pause must not complete half a snapshot.
  never.resolve();
  await writing;
  assert.deepEqual(await store.names(''), ['slow']);
});

test('the parts of what is replaced stay for its readers, then go; those of what is removed go at once', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`, { ...small, snapshotReplacedTtlMs: 100 });
  const store = makeValkeySnapshotStore(valkey);
  await store.write('name', parts(2));
  await store.write('name', parts(3));
  const lists = await partKeys(valkey);
  assert.ok(lists.length <= 2);
  await until('the replaced parts are gone', async () => (await partKeys(valkey)).length === 1);
  assert.equal((await store.read('name'))?.length, 3 * partBytes);
  await store.remove('name');
  assert.deepEqual(await keysOf(valkey), []);
});

test('a writer is asked for few parts more than the server has taken', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const limits = { ...small, snapshotPartsInFlightMax: 4, requestTimeoutMs: 10_000, pingEveryMs: 60_000 };
  const valkey = await openTestValkey(context, `redis://${engine.address}`, limits);
  await until('it is there', () => !valkey.isAway);
  const store = makeValkeySnapshotStore(valkey);
  let asked = 0;
  process.kill(engine.pid, 'SIGSTOP');
  const writing = store.write(
    'name',
    parts(100, () => asked++),
  );
  await until('parts are on their way', () => valkey.statistics.requestsInFlight === 4);
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  assert.ok(asked <= 5, `${asked} parts`);
  process.kill(engine.pid, 'SIGCONT');
  assert.equal(await writing, 100 * partBytes);
  assert.equal(asked, 100);
});

test('a write through which the server dies fails, and nothing of it is there', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`, small);
  await until('it is there', () => !valkey.isAway);
  const store = makeValkeySnapshotStore(valkey);
  let asked = 0;
  const killAt = (): void => {
    if (++asked === 50) engine.kill();
  };
  await assert.rejects(store.write('name', parts(100, killAt)), { code: 'unavailable' });
  assert.ok(asked < 100);
  await engine.start();
  await until('it is there again', () => !valkey.isAway);
  assert.deepEqual(await store.names(''), []);
  assert.equal(await store.write('name', parts(100)), 100 * partBytes);
});

test('one that is larger than it may be is refused, and parts that are lost are said', async (context) => {
  const engine = await startTestValkey(context);
  if (!engine) return;
  const valkey = await openTestValkey(context, `redis://${engine.address}`, { ...small, snapshotBytesMax: 10 * partBytes });
  const store = makeValkeySnapshotStore(valkey);
  await assert.rejects(store.write('large', parts(11)), { code: 'overloaded' });
  assert.deepEqual(await keysOf(valkey), []);
  await store.write('name', parts(10));
  const others = await openTestValkey(context, `redis://${engine.address}`, { snapshotPartBytesMax: 777 });
  assert.ok((await store.read('name'))?.equals((await makeValkeySnapshotStore(others).read('name')) as Buffer));
  const [list = ''] = await partKeys(valkey);
  await valkey.request(['LPOP', list]);
  await assert.rejects(store.read('name'), { code: 'unavailable' });
});

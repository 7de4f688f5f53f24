import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CassandraEngine, ensureCassandra, startThreeNodes } from '../../../../../tools/lib/engines.mjs';
import { OperationalError } from '../../../kernel/index.ts';
import type { ChunkStore, StoredChunk } from '../../ports.ts';
import { makeChunk, makeFlush, readAll, startMs } from '../../testing/contract-store.ts';
import { openChunkStore } from './open-chunk-store.ts';
import { ensureSchema } from './schema.ts';
import { testSchema } from './test-cassandra.ts';

const vehicles = 5;
const recordsAFlush = 100;

const jars = ensureCassandra();
const options = { skip: 'problem' in jars ? jars.problem : false, timeout: 600_000 };

let nodes: readonly CassandraEngine[] = [];
before(async () => {
  if (!('problem' in jars)) nodes = await startThreeNodes(jars.path);
});
after(() => Promise.all(nodes.map((node) => node.remove())));

const node = (number: number): CassandraEngine => nodes[number - 1] as CassandraEngine;

const kill = (number: number): Promise<void> => {
  node(number).kill();
  // Has ended by then.
  return node(number).stop();
};

const opened: ChunkStore[] = [];
after(() => Promise.all(opened.map((store) => store.close())));

/** With the limits of a server, which is told of some nodes and finds the others. */
const makeStore = async () => {
  const schema = { ...testSchema(node(1).address, 2), replication: { datacenter1: 3 }, carLogs: false };
  assert.deepEqual((await ensureSchema(schema)).problems, []);
  const { localDatacenter, keyspace } = schema;
  return async (mode: 'read' | 'write', told: readonly number[]): Promise<ChunkStore> => {
    const contactPoints = told.map((number) => node(number).address);
    const store = await openChunkStore({ contactPoints, localDatacenter, keyspace }, mode);
    opened.push(store);
    return store;
  };
};

const isUnavailable = (error: unknown): boolean => error instanceof OperationalError && error.code === 'unavailable';

/** Flushes one after the other; what failed is tried again, as history does. */
const startFlushes = (store: ChunkStore) => {
  const written: StoredChunk[] = [];
  let [isStreaming, flushes, failures, pauseMs] = [true, 0, 0, 0];
  const flushNext = async (): Promise<void> => {
    const from = flushes * recordsAFlush;
    const chunks = Array.from({ length: vehicles }, (_, i) => makeChunk(1 + i, from + i, [startMs + from, startMs + from + 50]));
    const flush = makeFlush(from, from + recordsAFlush, chunks);
    for (let isWritten = false; !isWritten; ) {
      try {
        await store.write(flush);
        isWritten = true;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failures++;
      }
    }
    written.push(...flush.chunks);
    flushes++;
  };
  const run = async (): Promise<void> => {
    for (let lastMs = performance.now(); isStreaming; lastMs = performance.now()) {
      await flushNext();
      pauseMs = Math.max(pauseMs, performance.now() - lastMs);
    }
  };
  const running = run();
  // `stop` tells of it.
  running.catch(() => undefined);
  return {
    written,
    /** Resolves when so many more are written. */
    more: async (count: number): Promise<void> => {
      for (const wanted = flushes + count; flushes < wanted; ) await Promise.race([running, delay(20)]);
    },
    tell: (): string => {
      const told = `${Math.round(pauseMs)} ms, ${failures} failed`;
      [pauseMs, failures] = [0, 0];
      return told;
    },
    stop: (): Promise<void> => {
      isStreaming = false;
      return running;
    },
  };
};

/** Everything that was written before is read. */
const assertWhole = async (store: ChunkStore, written: readonly StoredChunk[]): Promise<void> => {
  const known = [...written];
  for (let vehicleNo = 1; vehicleNo <= vehicles; vehicleNo++) {
    const wanted = known.filter((chunk) => chunk.vehicleNo === vehicleNo);
    assert.deepEqual((await readAll(store, vehicleNo)).slice(0, wanted.length), wanted);
  }
};

test(
  'one node after the other is killed under a stream of flushes: writes and reads go on, and nothing is missing',
  options,
  async (context) => {
    const open = await makeStore();
    const [store, reader] = [await open('write', [1]), await open('read', [1])];
    const flushes = startFlushes(store);
    const told: string[] = [];
    let isReading = true;
    let readMs = 0;
    const reading = (async () => {
      while (isReading) {
        const startedMs = performance.now();
        await assertWhole(reader, flushes.written);
        readMs = Math.max(readMs, performance.now() - startedMs);
      }
    })();
    const goOn = async (what: string): Promise<void> => {
      await Promise.race([reading, flushes.more(20)]);
      told.push(`${what}: ${flushes.tell()}, longest read ${Math.round(readMs)} ms`);
      readMs = 0;
    };
    await goOn('all there');
    for (const number of [3, 1, 2]) {
      await kill(number);
      await goOn(`node ${number} killed`);
      // Who begins now has the two others alone; one of them was away a moment ago.
      await assertWhole(await open('read', [1, 2]), flushes.written);
      await node(number).start();
      await goOn(`node ${number} back`);
    }
    isReading = false;
    await flushes.stop();
    await reading;
    await assertWhole(reader, flushes.written);
    assert.equal(await store.appliedOffset(0), (flushes.written.length / vehicles) * recordsAFlush);
    context.diagnostic(`longest time for a flush, and how many failed and were tried again: ${told.join('; ')}`);
  },
);

test('with two of three nodes away history is unavailable, and comes back with one of them', options, async (context) => {
  const open = await makeStore();
  const store = await open('write', [1, 2, 3]);
  const chunks = [makeChunk(1, 10, [startMs])];
  await store.write(makeFlush(0, 100, chunks));
  await Promise.all([kill(2), kill(3)]);
  const killedMs = performance.now();
  await assert.rejects(store.write(makeFlush(100, 200, [makeChunk(1, 110, [startMs + 1])])), isUnavailable);
  const refusedMs = performance.now();
  await assert.rejects(readAll(store, 1), isUnavailable);
  await node(2).start();
  const readyMs = performance.now();
  const again = [makeChunk(1, 110, [startMs + 1])];
  while (
    !(await store.write(makeFlush(100, 200, again)).then(
      () => true,
      (error: unknown) => !isUnavailable(error),
    ))
  )
    await delay(20);
  assert.deepEqual(await readAll(store, 1), [...chunks, ...again]);
  const [refused, works] = [refusedMs - killedMs, performance.now() - readyMs].map(Math.round);
  context.diagnostic(`a flush failed after ${refused} ms; works again ${works} ms after the second node was ready`);
});

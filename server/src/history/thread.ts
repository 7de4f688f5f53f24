import { parentPort, workerData } from 'node:worker_threads';
import { assert, MilepostError, OperationalError } from '../kernel/index.ts';
import { chunksOfTable, makeFlushCounts } from './flush-table.ts';
import { MergePass } from './merge-pass.ts';
import type { ChunkStore, ChunkStoreModule, StatusQuery } from './ports.ts';
import { type QueryAnswer, type QueryRequest, runQuery } from './run-query.ts';
import type {
  FlushAnswer,
  FlushRequest,
  MergeAnswer,
  RulesRequest,
  ThreadAnswer,
  ThreadData,
  ThreadError,
  ThreadRequest,
} from './thread-messages.ts';

/** One of the two threads of history: it writes chunks, or it answers queries. The adapter is named by who starts it. */
const port = parentPort;
assert(port, 'thread.ts runs only as a worker thread');
const data = workerData as ThreadData;
let store: ChunkStore | undefined;
let merging: MergePass | undefined;

const opened = (): ChunkStore => {
  assert(store, 'the store is not open');
  return store;
};

const open = async (otherOptions: unknown): Promise<unknown> => {
  const adapter = (await import(data.adapterModule)) as ChunkStoreModule;
  store = await adapter.openChunkStore(otherOptions ?? data.adapterOptions, data.mode);
  merging = new MergePass(store);
  return { applied: await store.applied(), statistics: await store.statistics() };
};

const flush = async (request: FlushRequest): Promise<FlushAnswer> => {
  const counts = makeFlushCounts();
  const { table, ...rest } = request;
  await opened().write({ ...rest, chunks: chunksOfTable(table, counts) });
  return { ...counts, statistics: await opened().statistics() };
};

const merge = async (nowMs: number): Promise<MergeAnswer> => {
  assert(merging, 'the store is not open');
  const isMore = await merging.step(nowMs);
  return { isMore, counts: merging.counts, statistics: await opened().statistics() };
};

const operations: Record<ThreadRequest['operation'], (request: never) => Promise<unknown>> = {
  open,
  flush,
  merge,
  setRules: ({ rules, groupsOfSignals }: RulesRequest) => Promise.resolve(merging?.setRules(rules, groupsOfSignals)),
  query: (request: QueryRequest) => runQuery(opened(), request),
  status: (request: StatusQuery) => opened().readStatus(request),
  dropBefore: async (ms: number) => {
    await opened().dropBefore(ms);
    return opened().statistics();
  },
  close: async () => {
    await store?.close();
    store = undefined;
  },
};

const buffersOf = (answer: unknown): ArrayBuffer[] => {
  const { times, raw, steps } = answer as Partial<QueryAnswer>;
  if (!times) return [];
  const arrays: (ArrayLike<unknown> | undefined)[] = [times];
  for (const column of raw ?? []) arrays.push(column.numbers);
  for (const column of steps ?? [])
    arrays.push(...Object.values(column as object).filter((value) => value instanceof Float64Array));
  return arrays.filter((array) => array instanceof Float64Array).map((array) => array.buffer as ArrayBuffer);
};

const describe = (error: unknown): ThreadError => ({
  code: error instanceof MilepostError ? error.code : undefined,
  // Whatever the disk or the driver says is worth another try; an invariant that does not hold is not.
  isOperational: error instanceof OperationalError || !(error instanceof MilepostError),
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? error.stack : undefined,
});

/** One after the other, in the order they were asked. */
let last: Promise<void> = Promise.resolve();
const run = async ({ id, operation, request }: ThreadRequest): Promise<void> => {
  try {
    const answer = await operations[operation](request as never);
    port.postMessage({ id, answer } satisfies ThreadAnswer, operation === 'query' ? buffersOf(answer) : []);
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies ThreadAnswer);
  }
};
port.on('message', (message: ThreadRequest) => {
  last = last.then(() => run(message));
});

import os from 'node:os';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { physicalPartitionOf } from '../events/index.ts';
import { assert, MilepostError, OperationalError } from '../kernel/index.ts';
import type { KeyframeStore, LateVehicle } from './fleet/keyframe-store.ts';
import { type DueRequest, type FleetPart, type FleetRequest, FleetWorker, type MakeRequest } from './fleet/fleet-worker.ts';
import { chunksOfTable, makeFlushCounts } from './flush-table.ts';
import { notedAtOnce, writerNice } from './limits.ts';
import { MergePass } from './merge-pass.ts';
import { Pacer } from './pacer.ts';
import type { ChunkStore, ChunkStoreModule, Claim, StatusQuery, StoredChunk } from './ports.ts';
import { type QueryAnswer, type QueryRequest, runQuery } from './run-query.ts';
import type {
  Announced,
  FlushAnswer,
  FlushRequest,
  MergeAnswer,
  RulesRequest,
  ThreadAnswer,
  ThreadData,
  ThreadError,
  ThreadOperation,
  ThreadRequest,
} from './thread-messages.ts';

/** One of the two threads of history: it writes chunks, or it answers queries. The adapter is named by who starts it. */
const port = parentPort;
assert(port, 'thread.ts runs only as a worker thread');
const data = workerData as ThreadData;

/** Who waits for an acknowledgement goes first. Linux counts the priority by thread, others by process. */
const giveWay = (): void => {
  if (data.mode !== 'write' || process.platform !== 'linux') return;
  try {
    os.setPriority(writerNice);
  } catch {
    // The system does not let us: it is only a courtesy.
  }
};

giveWay();
let store: ChunkStore | undefined;
let merging: MergePass | undefined;
let keyframes: KeyframeStore | undefined;
let fleet: FleetWorker | undefined;
let vehicleNoMax: number | undefined;

const opened = (): ChunkStore => {
  assert(store, 'the store is not open');
  return store;
};

const damagedKeyframe = (atMs: number, error: unknown): void =>
  port.postMessage({
    warning: `the keyframe of ${new Date(atMs).toISOString()} cannot be read and is made anew`,
    cause: String(error),
  } satisfies ThreadAnswer);

const open = async (otherOptions: unknown): Promise<unknown> => {
  const options = otherOptions ?? data.adapterOptions;
  const adapter = (await import(data.adapterModule)) as ChunkStoreModule;
  store = await adapter.openChunkStore(options, data.mode === 'write' ? 'write' : 'read');
  merging = new MergePass(store);
  if (data.mode === 'write' && !data.hasKeyframes) adapter.removeKeyframes(options);
  if (data.mode !== 'read' && data.hasKeyframes) keyframes = adapter.openKeyframeStore(options, data.fleetSignals.join(' '));
  if (data.mode === 'fleet') fleet = new FleetWorker(store, keyframes, data.fleetSignals, damagedKeyframe);
  return { applied: await store.applied(), statistics: await store.statistics() };
};

/** Before a row can be read in a chunk, keyframes know of it: none silently lacks it. */
const note = (late: readonly LateVehicle[]): void => {
  keyframes?.addLate(late);
  if (vehicleNoMax === undefined) return;
  for (const { vehicleNo } of late) if (vehicleNo > vehicleNoMax) vehicleNoMax = vehicleNo;
};

/** The chunks, some at a time: each some are noted, then handed on. */
function* noted(chunks: Iterable<StoredChunk>): Generator<StoredChunk> {
  let some: StoredChunk[] = [];
  for (const chunk of chunks) {
    some.push(chunk);
    if (some.length < notedAtOnce) continue;
    note(some);
    yield* some;
    some = [];
  }
  note(some);
  yield* some;
}

const flush = async (request: FlushRequest): Promise<FlushAnswer> => {
  const counts = makeFlushCounts();
  const { table, partitions, leisure, ...rest } = request;
  const pacer = new Pacer(leisure);
  const breathe = (): void => pacer.breathe();
  note(request.statusChanges.map(({ vehicleNo, at }) => ({ vehicleNo, fromMs: at })));
  const isWanted = (vehicleNo: number): boolean => physicalPartitionOf(vehicleNo, partitions) === rest.partition;
  const making = partitions === 1 ? { breathe } : { breathe, isWanted };
  await opened().write({ ...rest, chunks: noted(chunksOfTable(table, counts, making)), breathe });
  return { ...counts, statistics: await opened().statistics() };
};

const merge = async (nowMs: number): Promise<MergeAnswer> => {
  assert(merging, 'the store is not open');
  const isMore = await merging.step(nowMs);
  return { isMore, counts: merging.counts, statistics: await opened().statistics() };
};

const fleetOf = (): FleetWorker => {
  assert(fleet, 'this is no thread of fleet states');
  return fleet;
};

/** After all flushes that were asked for before it, before all others. */
const announce = async (atMs: number): Promise<Announced> => {
  assert(keyframes, 'there are no keyframes');
  vehicleNoMax ??= (await opened().mergeUnits()).reduce((largest, unit) => Math.max(largest, unit.vehicleNoMax), 0);
  return { mark: keyframes.announce(atMs), vehicleNoMax };
};

const operations: Record<ThreadRequest['operation'], (request: never) => Promise<unknown>> = {
  open,
  flush,
  applied: () => opened().applied(),
  merge,
  claim: (partition: number) => opened().claim(partition),
  setClaims: (claims: readonly Claim[] | undefined) => {
    merging?.setClaims(claims);
    return Promise.resolve(undefined);
  },
  setRules: ({ rules, groupsOfSignals }: RulesRequest) => {
    merging?.setRules(rules, groupsOfSignals);
    fleet?.setRules(rules, groupsOfSignals);
    return Promise.resolve(undefined);
  },
  query: (request: QueryRequest) => runQuery(opened(), request),
  status: (request: StatusQuery) => opened().readStatus(request),
  dropBefore: async (ms: number) => {
    await opened().dropBefore(ms);
    return opened().statistics();
  },
  announceKeyframe: announce,
  fleetAt: (request: FleetRequest) => fleetOf().at(request),
  dueKeyframe: (request: DueRequest) => fleetOf().due(request),
  makeKeyframe: (request: MakeRequest) => fleetOf().make(request),
  sweepKeyframes: (nowMs: number) => Promise.resolve(fleetOf().sweep(nowMs)),
  close: async () => {
    keyframes?.close();
    keyframes = undefined;
    await store?.close();
    store = undefined;
  },
};

const fleetBuffers = (parts: readonly FleetPart[]): ArrayBuffer[] =>
  parts.flatMap(({ columns, vehicleNos, statusAt, status, reasons }) =>
    [
      vehicleNos,
      statusAt,
      status,
      reasons,
      ...columns.flatMap(({ values, times, devices, isText }) => [values, times, devices, isText]),
    ].map(({ buffer }) => buffer as ArrayBuffer),
  );

const buffersOf = (operation: ThreadOperation, answer: unknown): ArrayBuffer[] => {
  if (operation === 'fleetAt') return fleetBuffers(answer as FleetPart[]);
  if (operation !== 'query') return [];
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
    port.postMessage({ id, answer } satisfies ThreadAnswer, buffersOf(operation, answer));
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies ThreadAnswer);
  }
};
port.on('message', (message: ThreadRequest) => {
  last = last.then(() => run(message));
});

import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Erasures } from '../erasure/index.ts';
import type { EventLog } from '../eventlog/index.ts';
import {
  decodeReport,
  makeReportColumns,
  type RecordBatch,
  recordFields,
  recordHeaderBytes,
  recordKinds,
} from '../events/index.ts';
import { openChunkStore } from '../history/adapters/sqlite/index.ts';
import {
  bucketOf,
  type ChunkStore,
  digestMonth,
  type History,
  type HistoryOptions,
  openHistory,
  readAllStatus,
  takeOverChunks,
} from '../history/index.ts';
import type { ConsentGroup } from '@milepost/contract';
import type { Clock, Logger } from '../kernel/index.ts';

export interface RebuildOptions {
  readonly log: EventLog;
  /** The history that is there, and where the new one is made. */
  readonly oldFolder: string;
  readonly newFolder: string;
  readonly erasures: Erasures;
  readonly consentGroupOf: (signalNumber: number) => ConsentGroup | undefined;
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (line: string) => void;
}

/** One vehicle and month in which the two differ. */
export interface Difference {
  readonly vehicleNo: number;
  readonly bucket: number;
  readonly oldRows: number;
  readonly newRows: number;
  readonly oldValues: number;
  readonly newValues: number;
}

export interface Rebuilt {
  readonly records: number;
  readonly samples: number;
  readonly takenRows: number;
  readonly seconds: number;
  /** Of all threads, user and system. */
  readonly cpuSeconds: number;
  /** Vehicles and months that the log speaks of: all of them were compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

const tellEveryMs = 2000;
/** Tells not more often than a reader can follow. */
const seldom = (tell: (line: string) => void): ((line: () => string) => void) => {
  let toldMs = performance.now();
  return (line) => {
    if (performance.now() - toldMs < tellEveryMs) return;
    toldMs = performance.now();
    tell(line());
  };
};

const storeIn = (folder: string, mode: 'read' | 'write'): Promise<ChunkStore> => openChunkStore({ folder }, mode);

/** Which vehicles and months the log speaks of. */
class LogCoverage {
  records = 0;
  samples = 0;
  readonly months = new Map<number, Set<number>>();
  readonly #columns = makeReportColumns();

  add({ bytes, view, starts, ends, count }: RecordBatch): void {
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number;
      this.records++;
      if (recordFields.kind(view, start) !== recordKinds.telemetry) continue;
      decodeReport(bytes, start + recordHeaderBytes, ends[i] as number, this.#columns, view);
      this.samples += this.#columns.sampleCount;
      this.#note(recordFields.vehicleNo(view, start));
    }
  }

  #note(vehicleNo: number): void {
    let months = this.months.get(vehicleNo);
    if (!months) this.months.set(vehicleNo, (months = new Set()));
    const { times, sampleCount } = this.#columns;
    let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < sampleCount; i++) {
      fromMs = Math.min(fromMs, times[i] as number);
      toMs = Math.max(toMs, times[i] as number);
    }
    if (sampleCount === 0) return;
    for (let bucket = bucketOf(fromMs); bucket <= bucketOf(toMs); bucket++) months.add(bucket);
  }
}

/** Reads the log to its end. */
const applyLog = async ({ log, tell }: RebuildOptions, history: History, coverage: LogCoverage): Promise<void> => {
  const done = Promise.withResolvers<undefined>();
  const told = seldom(tell);
  const fromOffset = Math.max(log.startOffset(0), history.appliedOffset(0) ?? 0);
  const wholeBytes = Math.max(1, log.endOffset(0) - fromOffset);
  const follower = log.follow({
    partition: 0,
    fromOffset,
    handle: (batch) => {
      coverage.add(batch);
      history.apply(batch);
      const share = Math.floor((100 * (batch.nextOffset - fromOffset)) / wholeBytes);
      told(() => `log read: ${share} %, ${coverage.samples} samples`);
      return history.ready();
    },
    caughtUp: () => done.resolve(undefined),
    failed: (error) => done.reject(error),
  });
  try {
    await done.promise;
  } finally {
    await follower.stop();
  }
};

const buildNew = async (options: RebuildOptions, coverage: LogCoverage): Promise<number> => {
  const { oldFolder, newFolder, log, clock, logger, consentGroupOf, erasures, tell } = options;
  const old = await storeIn(oldFolder, 'read');
  const fresh = await storeIn(newFolder, 'write');
  const told = seldom(tell);
  const taken = await takeOverChunks(old, fresh, log.startOffset(0), ({ rows }) => told(() => `taken over: ${rows} rows`));
  await fresh.close();
  const failed = (error: Error): void => logger.error('the history that is being built cannot go on', { error });
  const store: HistoryOptions['store'] = {
    adapterModule: new URL('../history/adapters/sqlite/index.ts', import.meta.url),
    adapterOptions: { folder: newFolder },
  };
  const history = await openHistory({ store, clock, logger, consentGroupOf, failed });
  const standard = { retentionMs: options.retentionMs };
  await history.setHiding({ standard, byVehicle: new Map(), erased: erasures.periods() });
  await applyLog(options, history, coverage);
  for await (const page of readAllStatus(old)) history.applyStatus(page);
  await history.flush();
  await history.close();
  await old.close();
  return taken.rows;
};

const compare = async (
  options: RebuildOptions,
  { months }: LogCoverage,
): Promise<{ compared: number; differences: Difference[] }> => {
  const { oldFolder, newFolder, erasures, retentionMs, clock, tell } = options;
  const [old, fresh] = [await storeIn(oldFolder, 'read'), await storeIn(newFolder, 'read')];
  const keptFromMs = clock.now() - retentionMs;
  const told = seldom(tell);
  const differences: Difference[] = [];
  let compared = 0;
  for (const [vehicleNo, buckets] of months) {
    const isShown = (timeMs: number): boolean => timeMs >= keptFromMs && !erasures.isErased(vehicleNo, timeMs);
    for (const bucket of buckets) {
      const before = await digestMonth(old, vehicleNo, bucket, isShown);
      const after = await digestMonth(fresh, vehicleNo, bucket, isShown);
      compared++;
      told(() => `compared: ${compared} months of vehicles`);
      if (before.rows === after.rows && before.values === after.values && before.sum === after.sum) continue;
      const figures = { oldRows: before.rows, newRows: after.rows, oldValues: before.values, newValues: after.values };
      differences.push({ vehicleNo, bucket, ...figures });
    }
  }
  await old.close();
  await fresh.close();
  return { compared, differences };
};

/**
 * Makes history anew beside the one that is there. What the log still has comes from the log; what is older, and the connection status,
 * is taken over. Then both are compared, value by value, over every vehicle and month that the log speaks of. Nobody else writes
 * to the log or to either history meanwhile.
 */
export const rebuildHistory = async (options: RebuildOptions): Promise<Rebuilt> => {
  const { newFolder } = options;
  await rm(newFolder, { recursive: true, force: true });
  await mkdir(path.resolve(newFolder), { recursive: true });
  const coverage = new LogCoverage();
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const takenRows = await buildNew(options, coverage);
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(startedCpu);
  const { records, samples } = coverage;
  return { records, samples, takenRows, seconds, cpuSeconds: (user + system) / 1_000_000, ...(await compare(options, coverage)) };
};

import type { ItemPermission, ReadScope, RecordBatch } from '../events/index.ts';
import { assert, OperationalError } from '../kernel/index.ts';
import { queriesWaitingMax, replicaSealedTablesMax, sealAgeMsDefault, sealBytesDefault, sealedTablesMax } from './limits.ts';
import { FleetReads } from './fleet/fleet-reads.ts';
import type { FleetMoment, FleetQuery } from './fleet/types.ts';
import { copyRecords, hasBacklog } from './copy-records.ts';
import { groupTable, HiddenValues, type HidingRules, nothingHidden } from './hidden-values.ts';
import { type MergeCounts, mergeFigures } from './merge-pass.ts';
import { MergeSchedule } from './merge-schedule.ts';
import type { HistoryOptions } from './history-options.ts';
import type { Memtable } from './memtable.ts';
import type { StatusChange, StatusQuery } from './ports.ts';
import { cutHidden, hiddenOfSignals, isStatusKept, permissionsOf, permittedPeriods, tellingsOf } from './read-permission.ts';
import type { QueryAnswer } from './run-query.ts';
import { type Ask, isToldOfReports, queryTold, toldAs, toldCompleteTo } from './told-query.ts';
import { readStatus } from './read-status.ts';
import { RecentValues } from './recent-values.ts';
import { FlushSink } from './flush-sink.ts';
import { moveStore } from './move-store.ts';
import { ReplicaSink } from './replica-sink.ts';
import { joinStatus, selectStatus } from './status-pages.ts';
import { TableQueue } from './table-queue.ts';
import { memoryFigures, Tables } from './tables.ts';
import { ThreadClient } from './thread-client.ts';
import type { AppliedState } from './ports.ts';
import type { StoreStatistics, ThreadData, ThreadMode, ThreadOperations } from './thread-messages.ts';
import type { History, HistoryQuery, HistoryResult, HistoryStatistics } from './types.ts';

export type { HistoryOptions };

export const openHistory = async (options: HistoryOptions): Promise<ThreadedHistory> => {
  const { adapterModule, adapterOptions } = options.store;
  const { signals = [], keyframeRetentionMs = 0 } = options.fleet ?? {};
  const fleet = { fleetSignals: [...signals].sort((a, b) => a - b), hasKeyframes: keyframeRetentionMs > 0 };
  const data = { adapterModule: adapterModule.href, adapterOptions, ...fleet };
  const warn = (message: string, cause: string): void => options.logger.warn(message, { cause });
  const startThread = (mode: ThreadMode): ThreadClient => new ThreadClient({ ...data, mode }, options.failed, warn);
  const started: ThreadClient[] = [];
  try {
    // The writer makes what the reader opens.
    const writer = options.isReplica ? undefined : await openThread(startThread('write'), started);
    const reader = await openThread(startThread('read'), started);
    const { statistics } = (writer ?? reader).opened;
    const epochs = writer && options.claimed ? await claim(writer.thread, options.claimed) : new Map<number, number>();
    const threads = { writer: writer?.thread, reader: reader.thread, epochs };
    const history = new ThreadedHistory(options, data, threads, statistics);
    // After the claims: nobody else gets on any more.
    for (const state of await reader.thread.ask('applied', undefined)) history.restore(state);
    return history;
  } catch (error) {
    for (const thread of started) await thread.close(true);
    throw error;
  }
};

interface OpenedThread {
  readonly thread: ThreadClient;
  readonly opened: ThreadOperations['open']['answer'];
}

const openThread = async (thread: ThreadClient, started: ThreadClient[]): Promise<OpenedThread> => {
  started.push(thread);
  return { thread, opened: await thread.ask('open', undefined) };
};

const claim = async (writer: ThreadClient, partitions: readonly number[]): Promise<Map<number, number>> => {
  const claims = await Promise.all(
    partitions.map(async (partition) => ({ partition, epoch: await writer.ask('claim', partition) })),
  );
  await writer.ask('setClaims', claims);
  return new Map(claims.map(({ partition, epoch }) => [partition, epoch]));
};

interface Threads {
  readonly epochs: ReadonlyMap<number, number>;
  /** Undefined: another process writes. */
  readonly writer: ThreadClient | undefined;
  readonly reader: ThreadClient;
}

/** History with a thread that writes and one that reads. The main thread copies and links records, nothing else. */
export class ThreadedHistory implements History {
  readonly #options: HistoryOptions;
  readonly #writer: ThreadClient | undefined;
  readonly #reader: ThreadClient;
  readonly #tables: Tables;
  readonly #queue: TableQueue;
  /** Where tables go: to the writing thread, or away once another process has written them. */
  readonly #sink: FlushSink | ReplicaSink;
  readonly #recent = new RecentValues();
  readonly #sealListeners: (() => void)[] = [];
  readonly #sealAgeMs: number;
  readonly #merging: MergeSchedule | undefined;
  readonly #fleet: FleetReads;
  #hidden = new HiddenValues(nothingHidden);
  #merged: MergeCounts | undefined;
  #stored: StoreStatistics;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(
    options: HistoryOptions,
    data: Omit<ThreadData, 'mode'>,
    { writer, reader, epochs }: Threads,
    stored: StoreStatistics,
  ) {
    const { clock, logger, partitions = 1, isReplica = false } = options;
    this.#options = options;
    this.#writer = writer;
    this.#reader = reader;
    this.#stored = stored;
    this.#sealAgeMs = options.sealAgeMs ?? sealAgeMsDefault;
    this.#tables = new Tables({
      sealBytes: options.sealBytes ?? sealBytesDefault,
      partitions,
      sealedMax: isReplica ? replicaSealedTablesMax : sealedTablesMax,
      mayDrop: isReplica,
    });
    this.#sink = this.#makeSink(partitions, epochs);
    const released = (): void => this.#recent.forget();
    const superseded = (error: Error): void => options.superseded?.(error);
    this.#queue = new TableQueue({ tables: this.#tables, sink: this.#sink, released, superseded, clock, logger });
    this.#startTimer();
    this.#fleet = new FleetReads({
      ...options,
      data,
      announce: (atMs) => this.#needWriter().ask('announceKeyframe', atMs),
      storedToMs: () => this.#tables.storedTo(),
      keyframeRetentionMs: isReplica ? 0 : (options.fleet?.keyframeRetentionMs ?? 0),
    });
    if (writer) this.#merging = this.#startMerging(writer);
  }

  #makeSink(partitions: number, epochs: ReadonlyMap<number, number>): FlushSink | ReplicaSink {
    const { clock, logger, deadLetter } = this.#options;
    const tables = this.#tables;
    if (!this.#writer) return new ReplicaSink({ tables, clock, logger, applied: () => this.#reader.ask('applied', undefined) });
    return new FlushSink({
      writer: this.#writer,
      tables,
      partitions,
      epochs,
      logger,
      ...(deadLetter ? { deadLetter } : {}),
      stored: (statistics) => {
        this.#stored = statistics;
      },
    });
  }

  #startMerging(writer: ThreadClient): MergeSchedule {
    return new MergeSchedule({
      clock: this.#options.clock,
      logger: this.#options.logger,
      step: (nowMs) => writer.ask('merge', nowMs),
      answered: ({ counts, statistics }) => {
        this.#merged = counts;
        this.#stored = statistics;
      },
    });
  }

  #needWriter(): ThreadClient {
    assert(this.#writer, 'this history is written by another process');
    return this.#writer;
  }

  /** Takes up a partition where the store stands. */
  restore({ partition, appliedOffset, completeTo }: AppliedState): void {
    this.#tables.restore(partition, appliedOffset, completeTo);
  }

  apply(batch: RecordBatch): void {
    this.#tables.apply(batch, this.#options.clock.steady());
    if (this.#tables.isFull()) this.#sealIfRoom();
  }

  ready(): Promise<void> | undefined {
    if (!this.#tables.mustWait()) return undefined;
    const sealBytes = this.#options.sealBytes ?? sealBytesDefault;
    this.#options.logger.warn('history is full and waits for a flush', { sealedTablesMax, sealBytes });
    return this.#roomAgain();
  }

  async #roomAgain(): Promise<void> {
    while (this.#tables.mustWait() && !this.#isClosed && !this.#queue.isClosed) {
      // A failed flush is tried again by itself: whoever waits for room goes on waiting.
      await this.#queue.waitForNext().catch(() => undefined);
    }
  }

  applyStatus(changes: readonly StatusChange[]): void {
    this.#tables.applyStatus(changes, this.#options.clock.steady());
  }

  async query(scope: ReadScope, query: HistoryQuery): Promise<HistoryResult> {
    const { consentGroupOf, clock } = this.#options;
    const permissions = permissionsOf(scope, query, consentGroupOf);
    if (this.#reader.waiting >= queriesWaitingMax) {
      throw new OperationalError('overloaded', `${queriesWaitingMax} queries wait already`, { retryAfterSeconds: 1 });
    }
    if (this.#writer && hasBacklog(this.#memtables(), query.vehicleNo)) await this.flush().catch(() => undefined);
    const ask: Ask = (part, ofPart) => this.#ask(part, ofPart);
    const completeTo = this.#tables.completeToOf(query.vehicleNo) ?? 0;
    const isPlain = isToldOfReports(permissions);
    const answer = isPlain ? await this.#ask(query, permissions) : await queryTold(ask, query, permissions, clock.now());
    return { ...answer, completeTo: toldCompleteTo(completeTo, permissions), ...toldAs(permissions) };
  }

  #ask(query: HistoryQuery, permissions: readonly ItemPermission[]): Promise<QueryAnswer> {
    const { consentGroupOf, clock } = this.#options;
    const permitted = permittedPeriods(permissions, query);
    const { periods, signalsFromMs } = cutHidden(this.#hidden, query, permitted, consentGroupOf, clock.now());
    const { records, ends } = copyRecords(periods.length > 0 ? this.#memtables() : [], query.vehicleNo);
    const signalsHidden = hiddenOfSignals(permissions, permitted, query);
    const tellings = tellingsOf(permissions);
    const request = { ...query, stepMs: query.stepMs, periods, signalsFromMs, signalsHidden, tellings, records, ends };
    return this.#reader.ask('query', request, [records.buffer as ArrayBuffer]);
  }

  fleetAt(scope: ReadScope, query: FleetQuery): Promise<FleetMoment> {
    return this.#fleet.at(scope, query, {
      tables: this.#tables.all(),
      hidden: this.#hidden,
      completeTo: this.#tables.completeTo(),
    });
  }

  makeKeyframes(): Promise<void> {
    return this.#fleet.makeKeyframes();
  }

  status(scope: ReadScope, query: StatusQuery): Promise<readonly StatusChange[]> {
    const isKept = (change: StatusChange): boolean => isStatusKept(this.#hidden, change, this.#options.clock.now());
    return readStatus(scope, query, (page) => this.#statusPage(page), isKept);
  }

  async #statusPage(query: StatusQuery): Promise<StatusChange[]> {
    const inMemory = this.#tables.all().flatMap((table) => selectStatus(table.statusChanges, query));
    return joinStatus(await this.#reader.ask('status', query), inMemory, query.limit);
  }

  findRecent(vehicleNo: number, deviceNo: number, signalNumber: number, timeMs: number): number | string | undefined {
    if (this.#hidden.isErased(vehicleNo, timeMs)) return undefined;
    return this.#recent.find(this.#memtables(), vehicleNo, deviceNo, signalNumber, timeMs);
  }

  appliedOffset(partition: number): number | undefined {
    return this.#tables.storedOffset(partition);
  }

  onSeal(callback: () => void): void {
    this.#sealListeners.push(callback);
  }

  async dropBefore(ms: number): Promise<void> {
    // The reader lets go of the files first.
    await Promise.all([this.#reader.ask('dropBefore', ms), this.#fleet.dropBefore(ms)]);
    if (this.#writer) this.#stored = await this.#writer.ask('dropBefore', ms);
  }

  async setHiding(rules: HidingRules): Promise<void> {
    this.#hidden = new HiddenValues(rules);
    const request = { rules, groupsOfSignals: groupTable(this.#options.consentGroupOf) };
    await Promise.all([this.#writer?.ask('setRules', request), this.#fleet.setRules(request)]);
  }

  async merge(): Promise<void> {
    await this.#merging?.runAll();
  }

  async holdMerging(): Promise<() => void> {
    return (await this.#merging?.hold()) ?? (() => {});
  }

  /** When it rejects, history cannot go on. */
  async moveStore(adapterOptions: unknown, move: () => Promise<void>): Promise<void> {
    await this.#fleet.move(adapterOptions, (threads) =>
      moveStore([...threads, this.#reader, this.#needWriter()], adapterOptions, move),
    );
    await this.setHiding(this.#hidden.rules);
  }

  /** Of a replica: what another process writes is waited for. */
  async flush(): Promise<void> {
    this.#queue.retryNow();
    while (this.#tables.hasContent() && !this.#tables.canSeal()) await this.#queue.waitForNext();
    if (this.#tables.hasContent()) this.#seal();
    const wanted = new Set(this.#tables.sealed);
    while (this.#tables.sealed.some((table) => wanted.has(table))) await this.#queue.waitForNext();
  }

  statistics(): HistoryStatistics {
    const flushed = this.#sink instanceof FlushSink ? this.#sink : { conflicts: 0, unreadable: 0 };
    return {
      ...memoryFigures(this.#tables),
      storedBytes: this.#stored.bytes,
      storedChunks: this.#stored.chunks,
      storedRows: this.#stored.rows,
      flushes: this.#queue.stored,
      lastFlushMs: this.#queue.lastStoreMs,
      lastFlushAt: this.#queue.lastStoredAt,
      conflictsAtMerge: flushed.conflicts + (this.#merged?.conflicts ?? 0),
      ...mergeFigures(this.#merged),
      unreadableRecords: flushed.unreadable,
      flushFailures: this.#queue.failures,
      queriesWaiting: this.#reader.waiting,
      ...this.#fleet.statistics(),
    };
  }

  /** Rejects when the store does not answer; waits while it stands still. */
  async reach(): Promise<void> {
    await this.#reader.ask('applied', undefined);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    if (this.#writer) await this.flush().catch((error: unknown) => this.#lastFlushFailed(error));
    this.#end();
    await this.#fleet.close();
    await Promise.all([this.#reader.close(), this.#writer?.close()]);
  }

  #lastFlushFailed(error: unknown): void {
    this.#options.logger.warn('the last flush of history failed; the next start takes it from the log', { error });
  }

  /** Ends at once, as a kill would: nothing more is written. For tests of recovery. */
  async abandon(): Promise<void> {
    this.#end();
    await Promise.all([this.#fleet.close(true), this.#reader.close(true), this.#writer?.close(true)]);
  }

  #end(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#merging?.stop();
    this.#queue.close();
    if (this.#sink instanceof ReplicaSink) this.#sink.close();
  }

  #memtables(): Memtable[] {
    return this.#tables
      .all()
      .map(({ records }) => records)
      .filter(({ records }) => records > 0);
  }

  #startTimer(): void {
    const everyMs = Math.max(1, Math.floor(this.#sealAgeMs / 10));
    this.#cancelTimer = this.#options.clock.after(everyMs, () => {
      if (this.#isClosed) return;
      this.#sealOld(this.#options.clock.steady());
      this.#startTimer();
    });
  }

  #sealOld(nowMs: number): void {
    if (nowMs - this.#tables.activeSince >= this.#sealAgeMs || this.#tables.isFull()) this.#sealIfRoom();
  }

  #sealIfRoom(): void {
    if (this.#tables.canSeal()) this.#seal();
  }

  #seal(): void {
    const dropped = this.#tables.seal(this.#options.clock.steady());
    if (dropped) {
      this.#recent.forget();
      this.#options.logger.warn('history lets records go that are not yet in chunks; they are shown when they are', {
        records: dropped.records.records,
      });
    }
    for (const listener of this.#sealListeners) listener();
    this.#queue.next();
  }
}

import type { ReadScope, RecordBatch } from '../events/index.ts';
import { OperationalError } from '../kernel/index.ts';
import {
  flushRetryMsMax,
  flushRetryMsMin,
  queriesWaitingMax,
  sealAgeMsDefault,
  sealBytesDefault,
  sealedTablesMax,
} from './limits.ts';
import { FleetReads } from './fleet/fleet-reads.ts';
import type { FleetMoment, FleetQuery } from './fleet/types.ts';
import { copyRecords, hasBacklog } from './copy-records.ts';
import { groupTable, HiddenValues, type HidingRules, nothingHidden } from './hidden-values.ts';
import { type MergeCounts, mergeFigures } from './merge-pass.ts';
import { MergeSchedule } from './merge-schedule.ts';
import { MemoryPool } from './memory-pool.ts';
import type { HistoryOptions } from './history-options.ts';
import type { Memtable } from './memtable.ts';
import { memoryFigures, PartitionTables, storedToOf, type Table } from './partition-tables.ts';
import type { StatusChange, StatusQuery } from './ports.ts';
import { putAside } from './put-aside.ts';
import { cutHidden, isStatusKept, permittedPeriods } from './read-permission.ts';
import { readStatus } from './read-status.ts';
import { RecentValues } from './recent-values.ts';
import { moveStore } from './move-store.ts';
import { joinStatus, selectStatus } from './status-pages.ts';
import { ThreadClient } from './thread-client.ts';
import type { FlushAnswer, StoreStatistics, ThreadData } from './thread-messages.ts';
import type { History, HistoryQuery, HistoryResult, HistoryStatistics } from './types.ts';

export type { HistoryOptions };

export const openHistory = async (options: HistoryOptions): Promise<ThreadedHistory> => {
  const { adapterModule, adapterOptions } = options.store;
  const { signals = [], keyframeRetentionMs = 0 } = options.fleet ?? {};
  const fleet = { fleetSignals: [...signals].sort((a, b) => a - b), hasKeyframes: keyframeRetentionMs > 0 };
  const data = { adapterModule: adapterModule.href, adapterOptions, ...fleet };
  const warn = (message: string, cause: string): void => options.logger.warn(message, { cause });
  const writer = new ThreadClient({ ...data, mode: 'write' }, options.failed, warn);
  try {
    const { applied, statistics } = await writer.ask('open', undefined);
    // Only now: the writer has made what the reader opens.
    const reader = new ThreadClient({ ...data, mode: 'read' }, options.failed, warn);
    try {
      await reader.ask('open', undefined);
    } catch (error) {
      await reader.close(true);
      throw error;
    }
    const history = new ThreadedHistory(options, data, writer, reader, statistics);
    for (const state of applied) history.restore(state.partition, state.appliedOffset, state.completeTo);
    return history;
  } catch (error) {
    await writer.close(true);
    throw error;
  }
};

/** History with a thread that writes and one that reads. The main thread copies and links records, nothing else. */
export class ThreadedHistory implements History {
  readonly #options: HistoryOptions;
  readonly #writer: ThreadClient;
  readonly #reader: ThreadClient;
  readonly #partitions = new Map<number, PartitionTables>();
  readonly #applied = new Map<number, number>();
  readonly #recent = new RecentValues();
  readonly #pool = new MemoryPool();
  readonly #sealListeners: ((partition: number, offset: number) => void)[] = [];
  readonly #sealAgeMs: number;
  readonly #merging: MergeSchedule;
  readonly #fleet: FleetReads;
  #hidden = new HiddenValues(nothingHidden);
  #merged: MergeCounts | undefined;
  #stored: StoreStatistics;
  #cancelTimer: (() => void) | undefined;
  #isWriting = false;
  #retryMs = 0;
  /** Cancels the wait before the next try of a flush that failed. */
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;
  /** Called after each flush, stored or not. */
  #afterFlush: ((error: Error | undefined) => void)[] = [];
  #counts = { flushes: 0, lastFlushMs: 0, conflicts: 0, unreadable: 0, failures: 0 };

  constructor(
    options: HistoryOptions,
    data: Omit<ThreadData, 'mode'>,
    writer: ThreadClient,
    reader: ThreadClient,
    stored: StoreStatistics,
  ) {
    this.#options = options;
    this.#writer = writer;
    this.#reader = reader;
    this.#stored = stored;
    this.#sealAgeMs = options.sealAgeMs ?? sealAgeMsDefault;
    this.#startTimer();
    this.#fleet = new FleetReads({
      ...options,
      data,
      announce: (atMs) => writer.ask('announceKeyframe', atMs),
      storedToMs: () => storedToOf([...this.#partitions.values()]),
      keyframeRetentionMs: options.fleet?.keyframeRetentionMs ?? 0,
    });
    this.#merging = new MergeSchedule({
      clock: options.clock,
      logger: options.logger,
      step: (nowMs) => writer.ask('merge', nowMs),
      answered: ({ counts, statistics }) => {
        this.#merged = counts;
        this.#stored = statistics;
      },
    });
  }

  /** Takes up a partition where the store stands. */
  restore(partition: number, appliedOffset: number, completeTo: number): void {
    this.#applied.set(partition, appliedOffset);
    this.#partitions.set(partition, new PartitionTables(partition, appliedOffset, completeTo, this.#sealBytes, this.#pool));
  }

  get #sealBytes(): number {
    return this.#options.sealBytes ?? sealBytesDefault;
  }

  apply(batch: RecordBatch): void {
    const tables = this.#partition(batch.partition);
    tables.apply(batch, this.#options.clock.steady());
    if (tables.isFull()) this.#sealIfRoom(tables);
  }

  ready(): Promise<void> | undefined {
    if (![...this.#partitions.values()].some((tables) => tables.mustWait())) return undefined;
    this.#options.logger.warn('history is full and waits for a flush', { sealedTablesMax, sealBytes: this.#sealBytes });
    return this.#roomAgain();
  }

  async #roomAgain(): Promise<void> {
    while ([...this.#partitions.values()].some((tables) => tables.mustWait()) && !this.#isClosed) {
      // A failed flush is tried again by itself: whoever waits for room goes on waiting.
      await this.#nextFlush().catch(() => undefined);
    }
  }

  applyStatus(changes: readonly StatusChange[]): void {
    if (changes.length === 0) return;
    const first = Math.min(...this.#partitions.keys(), Number.POSITIVE_INFINITY);
    const tables = this.#partition(Number.isFinite(first) ? first : 0);
    tables.applyStatus(changes, this.#options.clock.steady());
  }

  async query(scope: ReadScope, query: HistoryQuery): Promise<HistoryResult> {
    const { consentGroupOf, clock } = this.#options;
    const permitted = permittedPeriods(scope, query, consentGroupOf);
    const { periods, signalsFromMs } = cutHidden(this.#hidden, query, permitted, consentGroupOf, clock.now());
    if (this.#reader.waiting >= queriesWaitingMax) {
      throw new OperationalError('overloaded', `${queriesWaitingMax} queries wait already`, { retryAfterSeconds: 1 });
    }
    if (hasBacklog(this.#memtables(), query.vehicleNo)) await this.flush().catch(() => undefined);
    const completeTo = this.#completeTo();
    const { records, ends } = copyRecords(periods.length > 0 ? this.#memtables() : [], query.vehicleNo);
    const request = { ...query, stepMs: query.stepMs, periods, signalsFromMs, records, ends };
    const answer = await this.#reader.ask('query', request, [records.buffer as ArrayBuffer]);
    return { ...answer, completeTo };
  }

  fleetAt(scope: ReadScope, query: FleetQuery): Promise<FleetMoment> {
    return this.#fleet.at(scope, query, { tables: this.#allTables(), hidden: this.#hidden, completeTo: this.#completeTo() });
  }

  makeKeyframes(): Promise<void> {
    return this.#fleet.makeKeyframes();
  }

  status(scope: ReadScope, query: StatusQuery): Promise<readonly StatusChange[]> {
    const isKept = (change: StatusChange): boolean => isStatusKept(this.#hidden, change, this.#options.clock.now());
    return readStatus(scope, query, (page) => this.#statusPage(page), isKept);
  }

  async #statusPage(query: StatusQuery): Promise<StatusChange[]> {
    const inMemory = this.#allTables().flatMap((table) => selectStatus(table.statusChanges, query));
    return joinStatus(await this.#reader.ask('status', query), inMemory, query.limit);
  }

  findRecent(vehicleNo: number, deviceNo: number, signalNumber: number, timeMs: number): number | string | undefined {
    if (this.#hidden.isErased(vehicleNo, timeMs)) return undefined;
    return this.#recent.find(this.#memtables(), vehicleNo, deviceNo, signalNumber, timeMs);
  }

  appliedOffset(partition: number): number | undefined {
    return this.#applied.get(partition);
  }

  onSeal(callback: (partition: number, offset: number) => void): void {
    this.#sealListeners.push(callback);
  }

  async dropBefore(ms: number): Promise<void> {
    // The reader lets go of the files first.
    await Promise.all([this.#reader.ask('dropBefore', ms), this.#fleet.dropBefore(ms)]);
    this.#stored = await this.#writer.ask('dropBefore', ms);
  }

  async setHiding(rules: HidingRules): Promise<void> {
    this.#hidden = new HiddenValues(rules);
    const request = { rules, groupsOfSignals: groupTable(this.#options.consentGroupOf) };
    await Promise.all([this.#writer.ask('setRules', request), this.#fleet.setRules(request)]);
  }

  merge(): Promise<void> {
    return this.#merging.runAll();
  }

  holdMerging(): Promise<() => void> {
    return this.#merging.hold();
  }

  /** When it rejects, history cannot go on. */
  async moveStore(adapterOptions: unknown, move: () => Promise<void>): Promise<void> {
    await this.#fleet.move(adapterOptions, (threads) =>
      moveStore([...threads, this.#reader, this.#writer], adapterOptions, move),
    );
    await this.setHiding(this.#hidden.rules);
  }

  async flush(): Promise<void> {
    this.#retryNow();
    for (const tables of this.#partitions.values()) {
      while (tables.hasContent() && tables.sealed.length >= sealedTablesMax) await this.#nextFlush();
      if (tables.hasContent()) this.#seal(tables);
    }
    const wanted = new Set(
      this.#allTables().filter((table) => ![...this.#partitions.values()].some(({ active }) => active === table)),
    );
    while (this.#allTables().some((table) => wanted.has(table))) await this.#nextFlush();
  }

  statistics(): HistoryStatistics {
    return {
      ...memoryFigures([...this.#partitions.values()]),
      storedBytes: this.#stored.bytes,
      storedChunks: this.#stored.chunks,
      storedRows: this.#stored.rows,
      flushes: this.#counts.flushes,
      lastFlushMs: this.#counts.lastFlushMs,
      conflictsAtMerge: this.#counts.conflicts + (this.#merged?.conflicts ?? 0),
      ...mergeFigures(this.#merged),
      unreadableRecords: this.#counts.unreadable,
      flushFailures: this.#counts.failures,
      queriesWaiting: this.#reader.waiting,
      ...this.#fleet.statistics(),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.flush().catch((error: unknown) =>
      this.#options.logger.warn('the last flush of history failed; the next start takes it from the log', { error }),
    );
    this.#end();
    await this.#fleet.close();
    await Promise.all([this.#reader.close(), this.#writer.close()]);
  }

  /** Ends at once, as a kill would: nothing more is written. For tests of recovery. */
  async abandon(): Promise<void> {
    this.#end();
    await Promise.all([this.#fleet.close(true), this.#reader.close(true), this.#writer.close(true)]);
  }

  #end(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#merging.stop();
  }

  #partition(partition: number): PartitionTables {
    if (!this.#partitions.has(partition))
      this.#partitions.set(partition, new PartitionTables(partition, 0, 0, this.#sealBytes, this.#pool));
    return this.#partitions.get(partition) as PartitionTables;
  }

  #allTables(): Table[] {
    return [...this.#partitions.values()].flatMap((tables) => tables.tables());
  }

  #tables(): Table[] {
    return this.#allTables().filter(({ records }) => records.records > 0);
  }

  #memtables(): Memtable[] {
    return this.#tables().map(({ records }) => records);
  }

  #completeTo(): number {
    const all = [...this.#partitions.values()].map(({ completeTo }) => completeTo);
    return all.length === 0 ? 0 : Math.min(...all);
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
    for (const tables of this.#partitions.values())
      if (nowMs - tables.activeSince >= this.#sealAgeMs || tables.isFull()) this.#sealIfRoom(tables);
  }

  #sealIfRoom(tables: PartitionTables): void {
    if (tables.sealed.length < sealedTablesMax && tables.hasContent()) this.#seal(tables);
  }

  #seal(tables: PartitionTables): void {
    const { records } = tables.seal(this.#options.clock.steady());
    for (const listener of this.#sealListeners) listener(tables.partition, records.nextOffset);
    this.#writeNext();
  }

  #nextFlush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#afterFlush.push((error) => (error ? reject(error) : resolve()));
      for (const tables of this.#partitions.values()) tables.hurry();
      this.#writeNext();
    });
  }

  /** Writes the oldest sealed table, unless one is being written or a failed one waits for its time. */
  #writeNext(): void {
    if (this.#isWriting || this.#isClosed) return;
    const tables = [...this.#partitions.values()].find(({ sealed }) => sealed.length > 0);
    if (!tables) return this.#tellFlushed(undefined);
    this.#isWriting = true;
    this.#write(tables).then(
      () => this.#tellFlushed(undefined),
      (error: unknown) => this.#flushFailed(error),
    );
  }

  async #write(tables: PartitionTables): Promise<void> {
    const { records, fromOffset, statusChanges, leisure } = tables.sealed[0] as Table;
    const startedMs = this.#options.clock.steady();
    const answer = await this.#writer.ask('flush', {
      table: records.share(),
      partition: tables.partition,
      fromOffset,
      appliedOffset: records.nextOffset,
      completeTo: Math.max(records.newestReceivedAt, 0),
      statusChanges,
      leisure,
    });
    // From here on, queries find it in chunks alone.
    tables.sealed.shift();
    this.#applied.set(tables.partition, records.nextOffset);
    tables.storedTo = Math.max(tables.storedTo, records.newestReceivedAt);
    this.#recent.forget();
    records.release();
    this.#count(answer, this.#options.clock.steady() - startedMs);
    putAside(tables.partition, answer, this.#options);
    this.#isWriting = false;
    this.#retryMs = 0;
  }

  #count(answer: FlushAnswer, tookMs: number): void {
    this.#stored = answer.statistics;
    this.#counts.flushes++;
    this.#counts.lastFlushMs = tookMs;
    this.#counts.conflicts += answer.conflicts;
    this.#counts.unreadable += answer.unreadable;
  }

  #tellFlushed(error: Error | undefined): void {
    const listeners = this.#afterFlush;
    this.#afterFlush = [];
    for (const listener of listeners) listener(error);
    if (!error && [...this.#partitions.values()].some(({ sealed }) => sealed.length > 0)) this.#writeNext();
  }

  #flushFailed(error: unknown): void {
    this.#counts.failures++;
    this.#retryMs = Math.min(flushRetryMsMax, Math.max(flushRetryMsMin, this.#retryMs * 2));
    if (!this.#isClosed)
      this.#options.logger.error('history could not be written; it is tried again', { error, afterMs: this.#retryMs });
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, () => this.#retryNow());
    this.#tellFlushed(error instanceof Error ? error : new Error(String(error)));
  }

  #retryNow(): void {
    if (!this.#cancelRetry) return;
    this.#cancelRetry();
    this.#cancelRetry = undefined;
    this.#isWriting = false;
    this.#writeNext();
  }
}

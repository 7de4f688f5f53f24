import type { RecordBatch } from '../events/index.ts';
import { physicalPartitionOf } from '../events/index.ts';
import { OperationalError } from '../kernel/index.ts';
import { flushLeisureShare, overfullFactorMax, sealedTablesMax } from './limits.ts';
import { MemoryPool } from './memory-pool.ts';
import { Memtable } from './memtable.ts';
import { endLeisure, type Leisure, makeLeisure } from './pacer.ts';
import type { StatusChange } from './ports.ts';

/** What a status change counts for in memory. */
const statusChangeBytes = 128;

/** What a table holds of one physical partition of the log. */
export interface Span {
  readonly fromOffset: number;
  toOffset: number;
  newestReceivedAt: number;
  /** In chunks already, while other partitions of the table are not. */
  isStored: boolean;
}

/** Records of all partitions, and the status changes that are flushed with them. */
export interface Table {
  readonly records: Memtable;
  readonly spans: Map<number, Span>;
  readonly statusChanges: StatusChange[];
  /** How long its flush may take. */
  leisure: Leisure;
}

/** Where one partition stands. */
interface Mark {
  offset: number;
  /** receivedAt (ms) up to which everything is here, in memory or in chunks. */
  completeTo: number;
  /** What is in chunks: up to this offset and this receivedAt. */
  storedOffset: number;
  storedTo: number;
  /** Up to here memory no longer holds what chunks may not have yet. */
  droppedTo: number;
}

export interface TablesOptions {
  readonly sealBytes: number;
  /** Physical partitions of the log. */
  readonly partitions: number;
  /** Sealed tables that wait to be stored: past that the caller waits, or the oldest is let go. */
  readonly sealedMax?: number;
  /** Who else stores them, and this process only reads: what it cannot hold any more is shown later, from chunks. */
  readonly mayDrop?: boolean;
}

/** The tables of one process: one that is filled, and sealed ones until they are stored. */
export class Tables {
  readonly sealed: Table[] = [];
  active: Table;
  /** When the table being filled got its first content; NaN: it has none. */
  activeSince = Number.NaN;
  readonly #marks = new Map<number, Mark>();
  readonly #options: Required<TablesOptions>;
  readonly #pool = new MemoryPool();

  constructor(options: TablesOptions) {
    this.#options = { sealedMax: sealedTablesMax, mayDrop: false, ...options };
    this.active = this.#makeTable();
  }

  /** Takes up a partition where the store stands. */
  restore(partition: number, offset: number, completeTo: number): void {
    this.#marks.set(partition, { offset, completeTo, storedOffset: offset, storedTo: completeTo, droppedTo: 0 });
  }

  apply(batch: RecordBatch, nowMs: number): void {
    const { records } = this.active;
    const { sealBytes, sealedMax } = this.#options;
    if (this.mustWait() && records.bytes > sealBytes * overfullFactorMax)
      throw new OperationalError(
        'overloaded',
        `history holds ${records.bytes} bytes and ${sealedMax} tables that are not yet stored`,
      );
    const mark = this.#markOf(batch.partition);
    const span = this.#spanOf(batch.partition);
    span.newestReceivedAt = Math.max(span.newestReceivedAt, records.apply(batch));
    span.toOffset = batch.nextOffset;
    mark.offset = batch.nextOffset;
    mark.completeTo = Math.max(mark.completeTo, span.newestReceivedAt);
    if (Number.isNaN(this.activeSince)) this.activeSince = nowMs;
  }

  applyStatus(changes: readonly StatusChange[], nowMs: number): void {
    for (const change of changes) {
      this.#spanOf(this.partitionOf(change.vehicleNo));
      this.active.statusChanges.push(change);
    }
    if (changes.length > 0 && Number.isNaN(this.activeSince)) this.activeSince = nowMs;
  }

  partitionOf(vehicleNo: number): number {
    return physicalPartitionOf(vehicleNo, this.#options.partitions);
  }

  /** Oldest first. */
  all(): Table[] {
    return [...this.sealed, this.active];
  }

  /** receivedAt (ms) up to which everything of a vehicle's partition can be read; undefined: nothing is known of it. */
  completeToOf(vehicleNo: number): number | undefined {
    const mark = this.#marks.get(this.partitionOf(vehicleNo));
    return mark && completeOf(mark);
  }

  /** The same of all partitions; 0: nothing is known. */
  completeTo(): number {
    const all = [...this.#marks.values()].map(completeOf);
    return all.length === 0 ? 0 : Math.min(...all);
  }

  /** receivedAt (ms) up to which everything is in chunks; −∞: nothing is known. */
  storedTo(): number {
    const all = [...this.#marks.values()].map(({ storedTo }) => storedTo);
    return all.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...all);
  }

  storedOffset(partition: number): number | undefined {
    return this.#marks.get(partition)?.storedOffset;
  }

  isFull(): boolean {
    const { records, statusChanges } = this.active;
    return records.bytes + statusChanges.length * statusChangeBytes >= this.#options.sealBytes;
  }

  hasContent(): boolean {
    return !Number.isNaN(this.activeSince);
  }

  /** As many are sealed as may be. */
  isBacklogged(): boolean {
    return this.sealed.length >= this.#options.sealedMax;
  }

  mustWait(): boolean {
    return !this.#options.mayDrop && this.isFull() && this.isBacklogged();
  }

  canSeal(): boolean {
    return this.hasContent() && (this.#options.mayDrop || !this.isBacklogged());
  }

  /** Somebody waits for what is sealed. */
  hurry(): void {
    for (const { leisure } of this.sealed) endLeisure(leisure);
  }

  /** Starts a new table. Answers one that had to be let go for it. */
  seal(nowMs: number): Table | undefined {
    const dropped = this.isBacklogged() ? this.#dropOldest() : undefined;
    const table = this.active;
    table.leisure = makeLeisure(this.hasContent() ? (nowMs - this.activeSince) * flushLeisureShare : 0);
    this.sealed.push(table);
    if (this.sealed.length > 1) this.hurry();
    this.active = this.#makeTable();
    this.activeSince = Number.NaN;
    return dropped;
  }

  /** Chunks have everything of a partition up to an offset. */
  stored(partition: number, offset: number, completeTo: number): void {
    const mark = this.#markOf(partition);
    mark.storedOffset = Math.max(mark.storedOffset, offset);
    mark.storedTo = Math.max(mark.storedTo, completeTo);
  }

  /** The oldest sealed table is in chunks: from here on queries find it there alone. */
  releaseOldest(): void {
    this.sealed.shift()?.records.release();
  }

  #dropOldest(): Table | undefined {
    const dropped = this.sealed.shift();
    for (const [partition, { toOffset }] of dropped?.spans ?? []) this.#markOf(partition).droppedTo = toOffset;
    dropped?.records.release();
    return dropped;
  }

  #markOf(partition: number): Mark {
    const known = this.#marks.get(partition);
    if (known) return known;
    this.restore(partition, 0, 0);
    return this.#marks.get(partition) as Mark;
  }

  #spanOf(partition: number): Span {
    const known = this.active.spans.get(partition);
    if (known) return known;
    const { offset } = this.#markOf(partition);
    const span = { fromOffset: offset, toOffset: offset, newestReceivedAt: 0, isStored: false };
    this.active.spans.set(partition, span);
    return span;
  }

  #makeTable(): Table {
    return { records: new Memtable(this.#pool), spans: new Map(), statusChanges: [], leisure: makeLeisure(0) };
  }
}

const completeOf = ({ completeTo, storedOffset, storedTo, droppedTo }: Mark): number =>
  storedOffset < droppedTo ? storedTo : completeTo;

/** What is in memory: records of all tables, and how many wait to be stored. */
export const memoryFigures = (
  tables: Tables,
): { readonly memtableBytes: number; readonly memtableReports: number; readonly sealedTables: number } => ({
  memtableBytes: tables.all().reduce((sum, { records }) => sum + records.bytes, 0),
  memtableReports: tables.all().reduce((sum, { records }) => sum + records.records, 0),
  sealedTables: tables.sealed.length,
});

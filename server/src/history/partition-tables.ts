import { OperationalError } from '../kernel/index.ts';
import { flushLeisureShare, overfullFactorMax, sealedTablesMax } from './limits.ts';
import type { MemoryPool } from './memory-pool.ts';
import { Memtable } from './memtable.ts';
import { endLeisure, type Leisure, makeLeisure } from './pacer.ts';
import type { StatusChange } from './ports.ts';
import type { RecordBatch } from '../events/index.ts';

/** What a status change counts for in memory. */
const statusChangeBytes = 128;

/** A memtable and the status changes that are flushed with it. */
export interface Table {
  readonly records: Memtable;
  readonly fromOffset: number;
  readonly statusChanges: StatusChange[];
  /** How long its flush may take. */
  leisure: Leisure;
}

/** The tables of one physical partition: one that is filled, and sealed ones until they are stored. */
export class PartitionTables {
  readonly partition: number;
  readonly sealed: Table[] = [];
  active: Table;
  completeTo: number;
  /** receivedAt (ms) up to which everything is in chunks. */
  storedTo: number;
  /** When the table being filled got its first content; NaN: it has none. */
  activeSince = Number.NaN;
  readonly #sealBytes: number;
  readonly #pool: MemoryPool;

  constructor(partition: number, appliedOffset: number, completeTo: number, sealBytes: number, pool: MemoryPool) {
    this.partition = partition;
    this.completeTo = completeTo;
    this.storedTo = completeTo;
    this.#sealBytes = sealBytes;
    this.#pool = pool;
    this.active = this.#makeTable(appliedOffset);
  }

  apply(batch: RecordBatch, nowMs: number): void {
    const { records } = this.active;
    if (this.isFull() && this.sealed.length >= sealedTablesMax && records.bytes > this.#sealBytes * overfullFactorMax) {
      throw new OperationalError(
        'overloaded',
        `history holds ${records.bytes} bytes and ${this.sealed.length} tables that are not yet stored`,
      );
    }
    records.apply(batch);
    this.completeTo = Math.max(this.completeTo, records.newestReceivedAt);
    if (Number.isNaN(this.activeSince)) this.activeSince = nowMs;
  }

  applyStatus(changes: readonly StatusChange[], nowMs: number): void {
    for (const change of changes) this.active.statusChanges.push(change);
    if (changes.length > 0 && Number.isNaN(this.activeSince)) this.activeSince = nowMs;
  }

  /** Oldest first. */
  tables(): Table[] {
    return [...this.sealed, this.active];
  }

  isFull(): boolean {
    const { records, statusChanges } = this.active;
    return records.bytes + statusChanges.length * statusChangeBytes >= this.#sealBytes;
  }

  hasContent(): boolean {
    return !Number.isNaN(this.activeSince);
  }

  mustWait(): boolean {
    return this.isFull() && this.sealed.length >= sealedTablesMax;
  }

  /** Somebody waits for what is sealed. */
  hurry(): void {
    for (const { leisure } of this.sealed) endLeisure(leisure);
  }

  /** Starts a new table; answers the sealed one. */
  seal(nowMs: number): Table {
    const table = this.active;
    const filledMs = this.hasContent() ? nowMs - this.activeSince : 0;
    table.leisure = makeLeisure(filledMs * flushLeisureShare);
    this.sealed.push(table);
    if (this.sealed.length > 1) this.hurry();
    this.active = this.#makeTable(table.records.nextOffset);
    this.activeSince = Number.NaN;
    return table;
  }

  #makeTable(fromOffset: number): Table {
    return {
      records: new Memtable(this.partition, fromOffset, this.#pool),
      fromOffset,
      statusChanges: [],
      leisure: makeLeisure(0),
    };
  }
}

/** receivedAt (ms) up to which everything is in chunks; −∞: nothing is known. */
export const storedToOf = (partitions: readonly PartitionTables[]): number =>
  partitions.reduce(
    (oldest, { storedTo }) => Math.min(oldest, storedTo),
    partitions.length === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
  );

/** What is in memory: records of all tables, and how many wait for their flush. */
export const memoryFigures = (
  partitions: readonly PartitionTables[],
): { readonly memtableBytes: number; readonly memtableReports: number; readonly sealedTables: number } => {
  const tables = partitions.flatMap((one) => one.tables());
  return {
    memtableBytes: tables.reduce((sum, { records }) => sum + records.bytes, 0),
    memtableReports: tables.reduce((sum, { records }) => sum + records.records, 0),
    sealedTables: partitions.reduce((sum, { sealed }) => sum + sealed.length, 0),
  };
};

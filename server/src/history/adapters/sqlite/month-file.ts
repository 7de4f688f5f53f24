import type { DatabaseSync } from 'node:sqlite';
import { assert } from '../../../kernel/index.ts';
import type {
  ChunkFlush,
  ChunkKey,
  ChunkPart,
  ChunkScan,
  Replacement,
  StatusChange,
  StatusQuery,
  StatusScan,
  StoredChunk,
  VehicleChunks,
} from '../../ports.ts';
import { chunkHasMoved, readChunkHeader } from '../../read-chunk.ts';
import { chunksOfBlock } from './block.ts';
import { FlushBlocks, flushNoMax, flushShift, readBlocks } from './flushed-blocks.ts';
import {
  type AppliedOffsets,
  countFile,
  describeUnit,
  joinChunk,
  type UnitDescription,
  giveBackPages,
  readMergedChunks,
  readVehicles,
  replaceChunks,
} from './merge-files.ts';
import { scanChunks, scanStatus } from './scan-month.ts';
import { monthIndexes } from './schema.ts';
import { Statements } from './statements.ts';
import { reasonCodes, statusCodes } from '../../status-codes.ts';
import { statusOf, type StatusRow } from './status-row.ts';

interface FlushRow {
  readonly flush_no: number;
  readonly end_offset: number;
}
interface ChunkRow {
  readonly first_offset: number;
  readonly level: number;
  readonly start: Uint8Array;
  /** Null where only the start was asked for and there is one. */
  readonly bytes: Uint8Array | null;
}

const sql = {
  flushOf: 'SELECT flush_no, end_offset FROM flush WHERE partition = ? AND from_offset = ?',
  addFlush: `INSERT INTO flush (partition, from_offset, end_offset, from_ms, to_ms, complete_to, chunks, rows, vehicle_max)
    VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0) RETURNING flush_no, end_offset`,
  extendFlush:
    'UPDATE flush SET end_offset = max(end_offset, ?), from_ms = min(from_ms, ?), to_ms = max(to_ms, ?) WHERE flush_no = ?',
  countFlush: 'UPDATE flush SET chunks = ?, rows = ?, vehicle_max = ? WHERE flush_no = ?',
  uncounted: 'SELECT flush_no, from_offset FROM flush WHERE chunks < 0',
  allBlocks: 'SELECT block FROM flushed WHERE id BETWEEN ? AND ?',
  clearFlush: 'DELETE FROM flushed WHERE id BETWEEN ? AND ?',
  addChunk: `INSERT INTO chunk (vehicle_no, first_offset, level, from_ms, to_ms, end_offset, rows, has_moved, start, bytes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, x'', ?)
    ON CONFLICT (vehicle_no, first_offset, level) DO UPDATE SET from_ms = excluded.from_ms, to_ms = excluded.to_ms, rows = excluded.rows,
      has_moved = excluded.has_moved, end_offset = excluded.end_offset, start = excluded.start,
      bytes = excluded.bytes WHERE excluded.end_offset > end_offset`,
  addStatus: 'INSERT OR IGNORE INTO status (vehicle_no, at, to_status, from_status, reason) VALUES (?, ?, ?, ?, ?)',
  applied: `INSERT INTO applied (partition, applied_offset) VALUES (?, ?)
    ON CONFLICT (partition) DO UPDATE SET applied_offset = max(applied_offset, excluded.applied_offset)`,
  oldest: 'SELECT (SELECT min(from_ms) FROM flush) AS flushed, (SELECT min(from_ms) FROM chunk) AS merged',
  readChunks: 'SELECT first_offset, level, start, bytes FROM chunk WHERE vehicle_no = ? AND to_ms >= ? AND from_ms < ?',
  // What is not in the chosen branch is not read: not the pages on which it lies.
  readStarts: `SELECT first_offset, level, start, CASE WHEN length(start) = 0 THEN bytes END AS bytes FROM chunk
    WHERE vehicle_no = ? AND to_ms >= ? AND from_ms < ?`,
} as const;

const statusSql = (query: StatusQuery): string => {
  const conditions = ['at >= ?', 'at < ?'];
  if (query.vehicleNos) conditions.push(`vehicle_no IN (${query.vehicleNos.map(() => '?').join(', ')})`);
  if (query.to) conditions.push('to_status = ?');
  if (query.after) conditions.push('(at < ? OR (at = ? AND vehicle_no > ?))');
  return `SELECT vehicle_no, at, to_status, from_status, reason FROM status WHERE ${conditions.join(' AND ')} ORDER BY at DESC, vehicle_no, to_status`;
};

const statusParameters = (query: StatusQuery): number[] => [
  query.fromMs,
  query.toMs,
  ...(query.vehicleNos ?? []),
  ...(query.to ? [statusCodes[query.to]] : []),
  ...(query.after ? [query.after.at, query.after.at, query.after.vehicleNo] : []),
];

/** The part of a flush that goes into one file: all of one month and one group of partitions. */
export class MonthPart {
  readonly blocks: FlushBlocks;
  /** Chunks with a row of their own: merged ones, and those that no block has a place for. */
  readonly single: StoredChunk[] = [];
  readonly statusChanges: StatusChange[] = [];

  constructor(fromOffset: number) {
    this.blocks = new FlushBlocks(fromOffset);
  }

  add(chunk: StoredChunk): void {
    if (chunk.level > 0 || !this.blocks.add(chunk)) this.single.push(chunk);
  }
}

/** One file: the chunks and status changes of one month of the vehicles of one group. */
export class MonthFile {
  readonly bucket: number;
  readonly #statements: Statements;

  constructor(db: DatabaseSync, bucket: number) {
    this.#statements = new Statements(db);
    this.bucket = bucket;
  }

  /** One transaction: chunks, status changes, and how far this file is. */
  write(flush: ChunkFlush, part: MonthPart): void {
    this.#statements.within('IMMEDIATE', () => {
      if (part.blocks.chunks > 0) this.#writeBlocks(flush, part.blocks);
      for (const chunk of part.single) this.#writeChunk(flush, chunk);
      const addStatus = this.#statements.of(sql.addStatus);
      for (const { vehicleNo, at, to, from, reason } of part.statusChanges)
        addStatus.run(vehicleNo, at, statusCodes[to], statusCodes[from], reasonCodes[reason]);
      this.#statements.of(sql.applied).run(flush.partition, flush.appliedOffset);
    });
  }

  #writeBlocks(flush: ChunkFlush, blocks: FlushBlocks): void {
    const flushNo = this.#openFlush(flush, blocks);
    if (flushNo === undefined) return;
    blocks.write(this.#statements, flushNo);
    this.#statements.of(sql.countFlush).run(blocks.chunks, blocks.rows, blocks.vehicleNoMax, flushNo);
  }

  #writeChunk(flush: ChunkFlush, chunk: StoredChunk): void {
    const { vehicleNo, firstOffset, level, fromMs, toMs, rows, bytes } = chunk;
    const hasMoved = chunkHasMoved(bytes) ? 1 : 0;
    this.#statements
      .of(sql.addChunk)
      .run(vehicleNo, firstOffset, level, fromMs, toMs, flush.appliedOffset, rows, hasMoved, bytes);
  }

  /**
   * The number of this flush in this file. Undefined: it is here already, as long or longer. A shorter one is removed, to be written
   * anew.
   */
  #openFlush(flush: ChunkFlush, { fromMs, toMs }: FlushBlocks): number | undefined {
    const { partition, fromOffset, appliedOffset, completeTo } = flush;
    const known = this.#statements.of(sql.flushOf).get(partition, fromOffset) as FlushRow | undefined;
    if (known && known.end_offset >= appliedOffset) return undefined;
    if (known) {
      const base = BigInt(known.flush_no) << flushShift;
      this.#statements.of(sql.clearFlush).run(base, base + (1n << flushShift) - 1n);
      this.#statements.of(sql.extendFlush).run(appliedOffset, fromMs, toMs, known.flush_no);
      return known.flush_no;
    }
    const added = this.#statements.of(sql.addFlush).get(partition, fromOffset, appliedOffset, fromMs, toMs, completeTo);
    const { flush_no } = added as unknown as FlushRow;
    assert(flush_no <= flushNoMax, `month file of ${this.bucket} holds ${flush_no} flushes, expected at most ${flushNoMax}`);
    return flush_no;
  }

  /** Undefined: it has no chunk. */
  oldestMs(): number | undefined {
    const row = this.#statements.of(sql.oldest).get() as { flushed: number | null; merged: number | null };
    const times = [row.flushed, row.merged].filter((ms) => ms !== null);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  addIndexes(): void {
    this.#statements.db.exec(monthIndexes);
  }

  /** `indices` of the scan's vehicles that have their chunks here. */
  scanChunks(scan: ChunkScan, indices: readonly number[]): void {
    scanChunks(this.#statements, scan, indices);
  }

  scanStatus(scan: StatusScan, indices: readonly number[]): void {
    scanStatus(this.#statements, scan, indices);
  }

  /** Counts the flushes of a file that was made before they were counted. */
  countFlushes(): void {
    this.#statements.within('IMMEDIATE', () => {
      const flushes = this.#statements.of(sql.uncounted).all() as unknown as { flush_no: number; from_offset: number }[];
      for (const { flush_no, from_offset } of flushes) {
        const base = BigInt(flush_no) << flushShift;
        const blocks = this.#statements.of(sql.allBlocks).all(base, base + (1n << flushShift) - 1n) as unknown as {
          block: Uint8Array;
        }[];
        const chunks = blocks.flatMap(({ block }) => chunksOfBlock(block, from_offset, 0, Number.POSITIVE_INFINITY));
        const rows = chunks.reduce((sum, { bytes }) => sum + readChunkHeader(bytes).rows, 0);
        this.#statements.of(sql.countFlush).run(chunks.length, rows, chunks.at(-1)?.vehicleNo ?? 0, flush_no);
      }
    });
  }

  /** In no order; one state of the file. */
  read(vehicleNo: number, fromMs: number, toMs: number, part: ChunkPart): StoredChunk[] {
    return this.#statements.within('DEFERRED', () => [
      ...this.#readFlushed(vehicleNo, fromMs, toMs),
      ...this.#readMerged(vehicleNo, fromMs, toMs, part),
    ]);
  }

  *#readFlushed(vehicleNo: number, fromMs: number, toMs: number): Generator<StoredChunk> {
    for (const { firstOffset, bytes } of readBlocks(this.#statements, vehicleNo, vehicleNo + 1, fromMs, toMs)) {
      const header = readChunkHeader(bytes);
      if (header.toMs >= fromMs && header.fromMs < toMs)
        yield { vehicleNo, bucket: this.bucket, firstOffset, level: 0, ...header, bytes };
    }
  }

  *#readMerged(vehicleNo: number, fromMs: number, toMs: number, part: ChunkPart): Generator<StoredChunk> {
    const statement = this.#statements.of(part === 'start' ? sql.readStarts : sql.readChunks);
    for (const row of statement.iterate(vehicleNo, fromMs, toMs) as unknown as Iterable<ChunkRow>) {
      const bytes = row.bytes ? joinChunk(row.start, row.bytes) : row.start;
      const cut = row.bytes ? {} : ({ isCut: true } as const);
      const { first_offset, level } = row;
      yield { vehicleNo, bucket: this.bucket, firstOffset: first_offset, level, ...readChunkHeader(bytes), bytes, ...cut };
    }
  }

  describe(applied: AppliedOffsets): UnitDescription {
    return describeUnit(this.#statements, applied);
  }

  count(): { readonly chunks: number; readonly rows: number } {
    return countFile(this.#statements);
  }

  readVehicles(applied: AppliedOffsets, fromVehicleNo: number, toVehicleNo: number): VehicleChunks[] {
    return readVehicles(this.#statements, this.bucket, applied, fromVehicleNo, toVehicleNo);
  }

  readMergedChunks(keys: readonly ChunkKey[]): StoredChunk[] {
    return readMergedChunks(this.#statements, keys);
  }

  replace(replacement: Replacement): void {
    replaceChunks(this.#statements, replacement);
  }

  giveBack(bytesMax: number): number {
    return giveBackPages(this.#statements, bytesMax);
  }

  /** Newest first, then by vehicleNo. */
  *readStatus(query: StatusQuery): Generator<StatusChange> {
    const text = statusSql(query);
    const isOnce = query.vehicleNos !== null && query.vehicleNos.length > 1;
    const statement = isOnce ? this.#statements.db.prepare(text) : this.#statements.of(text);
    for (const row of statement.iterate(...statusParameters(query)) as unknown as Iterable<StatusRow>) yield statusOf(row);
  }

  close(): void {
    this.#statements.close();
  }
}

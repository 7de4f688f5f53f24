import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { assert } from '../../../kernel/index.ts';
import type { ChunkFlush, StatusChange, StatusQuery, StoredChunk } from '../../ports.ts';
import { readChunkHeader } from '../../read-chunk.ts';
import { blockBytesMax, blockSize, chunksOfVehicle, encodeBlock } from './block.ts';
import { reasonCodes, reasonNames, statusCodes, statusNames } from './status-codes.ts';

const ordinalBits = 12n;
const ordinalMax = 4095;
const flushShift = 43n;
const flushNoMax = 2 ** 20 - 1;

interface FlushRow {
  readonly flush_no: number;
  readonly end_offset: number;
}
interface BlockRow {
  readonly from_offset: number;
  readonly block: Uint8Array;
}
interface ChunkRow {
  readonly first_offset: number;
  readonly level: number;
  readonly bytes: Uint8Array;
}
interface StatusRow {
  readonly vehicle_no: number;
  readonly at: number;
  readonly to_status: number;
  readonly from_status: number;
  readonly reason: number;
}

const sql = {
  flushOf: 'SELECT flush_no, end_offset FROM flush WHERE partition = ? AND from_offset = ?',
  addFlush:
    'INSERT INTO flush (partition, from_offset, end_offset, from_ms, to_ms) VALUES (?, ?, ?, ?, ?) RETURNING flush_no, end_offset',
  extendFlush:
    'UPDATE flush SET end_offset = max(end_offset, ?), from_ms = min(from_ms, ?), to_ms = max(to_ms, ?) WHERE flush_no = ?',
  clearFlush: 'DELETE FROM flushed WHERE id BETWEEN ? AND ?',
  addBlock: 'INSERT INTO flushed (id, block) VALUES (?, ?)',
  addChunk: `INSERT INTO chunk (vehicle_no, first_offset, level, from_ms, to_ms, end_offset, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (vehicle_no, first_offset, level) DO UPDATE SET from_ms = excluded.from_ms, to_ms = excluded.to_ms,
      end_offset = excluded.end_offset, bytes = excluded.bytes WHERE excluded.end_offset > end_offset`,
  addStatus: 'INSERT OR IGNORE INTO status (vehicle_no, at, to_status, from_status, reason) VALUES (?, ?, ?, ?, ?)',
  applied: `INSERT INTO applied (partition, applied_offset) VALUES (?, ?)
    ON CONFLICT (partition) DO UPDATE SET applied_offset = max(applied_offset, excluded.applied_offset)`,
  // Of each flush: the block that starts at or before the vehicle's first chunk, and those that start within its chunks.
  readBlocks: `SELECT f.from_offset AS from_offset, b.block AS block FROM flush f CROSS JOIN flushed b
      ON b.id BETWEEN coalesce((SELECT max(id) FROM flushed WHERE id BETWEEN f.flush_no << 43 AND (f.flush_no << 43) + ?1), f.flush_no << 43)
        AND (f.flush_no << 43) + ?2
      WHERE f.to_ms >= ?3 AND f.from_ms < ?4`,
  readChunks: 'SELECT first_offset, level, bytes FROM chunk WHERE vehicle_no = ? AND to_ms >= ? AND from_ms < ?',
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

const statusOf = (row: StatusRow): StatusChange => {
  const from = statusNames.get(row.from_status);
  const to = statusNames.get(row.to_status);
  const reason = reasonNames.get(row.reason);
  assert(from && to && reason, `status change ${JSON.stringify(row)} has a code that is unknown`);
  return { vehicleNo: row.vehicle_no, at: row.at, from, to, reason };
};

/** The part of a flush that goes into one file: all of one month and one group of partitions. */
export interface MonthPart {
  readonly chunks: StoredChunk[];
  readonly statusChanges: StatusChange[];
}

/** One file: the chunks and status changes of one month of the vehicles of one group. */
export class MonthFile {
  readonly bucket: number;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, bucket: number) {
    this.#db = db;
    this.bucket = bucket;
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known) return known;
    const made = this.#db.prepare(text);
    if (this.#statements.size < statementsMax) this.#statements.set(text, made);
    return made;
  }

  /** One transaction: chunks, status changes, and how far this file is. */
  write(flush: ChunkFlush, part: MonthPart): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      if (part.chunks.length > 0) this.#writeChunks(flush, part.chunks);
      for (const change of part.statusChanges) {
        this.#statement(sql.addStatus).run(
          change.vehicleNo,
          change.at,
          statusCodes[change.to],
          statusCodes[change.from],
          reasonCodes[change.reason],
        );
      }
      this.#statement(sql.applied).run(flush.partition, flush.appliedOffset);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #writeChunks(flush: ChunkFlush, chunks: readonly StoredChunk[]): void {
    const flushed: StoredChunk[] = [];
    for (const chunk of chunks) {
      if (chunk.level > 0) this.#writeChunk(flush, chunk);
      else flushed.push(chunk);
    }
    if (flushed.length === 0) return;
    const flushNo = this.#openFlush(flush, flushed);
    if (flushNo === undefined) return;
    this.#writeBlocks(flush, flushed, BigInt(flushNo) << flushShift);
  }

  /** `chunks` are in order of (vehicleNo, firstOffset). */
  #writeBlocks(flush: ChunkFlush, chunks: readonly StoredChunk[], base: bigint): void {
    const insert = this.#statement(sql.addBlock);
    let id = base;
    let block: StoredChunk[] = [];
    let blockBytes = 0;
    const closeBlock = (): void => {
      if (block.length > 0) insert.run(id, encodeBlock(block, flush.fromOffset));
      block = [];
      blockBytes = 0;
    };
    let vehicleNo = Number.NaN;
    let ordinal = 0;
    for (const chunk of chunks) {
      ordinal = chunk.vehicleNo === vehicleNo ? ordinal + 1 : 0;
      vehicleNo = chunk.vehicleNo;
      if (ordinal > ordinalMax) {
        this.#writeChunk(flush, chunk);
        continue;
      }
      if (blockSize(blockBytes + chunk.bytes.length, block.length + 1) > blockBytesMax) closeBlock();
      if (block.length === 0) id = base + (BigInt(vehicleNo) << ordinalBits) + BigInt(ordinal);
      block.push(chunk);
      blockBytes += chunk.bytes.length;
    }
    closeBlock();
  }

  #writeChunk(flush: ChunkFlush, chunk: StoredChunk): void {
    this.#statement(sql.addChunk).run(
      chunk.vehicleNo,
      chunk.firstOffset,
      chunk.level,
      chunk.fromMs,
      chunk.toMs,
      flush.appliedOffset,
      chunk.bytes,
    );
  }

  /**
   * The number of this flush in this file. Undefined: it is here already, as long or longer. A shorter one is removed, to be written
   * anew.
   */
  #openFlush(flush: ChunkFlush, chunks: readonly StoredChunk[]): number | undefined {
    let fromMs = Number.POSITIVE_INFINITY;
    let toMs = 0;
    for (const chunk of chunks) {
      if (chunk.fromMs < fromMs) fromMs = chunk.fromMs;
      if (chunk.toMs > toMs) toMs = chunk.toMs;
    }
    const known = this.#statement(sql.flushOf).get(flush.partition, flush.fromOffset) as FlushRow | undefined;
    if (known && known.end_offset >= flush.appliedOffset) return undefined;
    if (known) {
      const base = BigInt(known.flush_no) << flushShift;
      this.#statement(sql.clearFlush).run(base, base + (1n << flushShift) - 1n);
      this.#statement(sql.extendFlush).run(flush.appliedOffset, fromMs, toMs, known.flush_no);
      return known.flush_no;
    }
    const row = this.#statement(sql.addFlush).get(
      flush.partition,
      flush.fromOffset,
      flush.appliedOffset,
      fromMs,
      toMs,
    ) as unknown as FlushRow;
    assert(
      row.flush_no <= flushNoMax,
      `month file of ${this.bucket} holds ${row.flush_no} flushes, expected at most ${flushNoMax}`,
    );
    return row.flush_no;
  }

  /** In no order. */
  *read(vehicleNo: number, fromMs: number, toMs: number): Generator<StoredChunk> {
    const first = vehicleNo * (ordinalMax + 1);
    const blocks = this.#statement(sql.readBlocks).iterate(
      first,
      first + ordinalMax,
      fromMs,
      toMs,
    ) as unknown as Iterable<BlockRow>;
    for (const { from_offset, block } of blocks) {
      for (const { firstOffset, bytes } of chunksOfVehicle(block, from_offset, vehicleNo)) {
        const header = readChunkHeader(bytes);
        if (header.toMs >= fromMs && header.fromMs < toMs)
          yield { vehicleNo, bucket: this.bucket, firstOffset, level: 0, ...header, bytes };
      }
    }
    const merged = this.#statement(sql.readChunks).iterate(vehicleNo, fromMs, toMs) as unknown as Iterable<ChunkRow>;
    for (const { first_offset, level, bytes } of merged) {
      yield { vehicleNo, bucket: this.bucket, firstOffset: first_offset, level, ...readChunkHeader(bytes), bytes };
    }
  }

  /** Newest first, then by vehicleNo. */
  *readStatus(query: StatusQuery): Generator<StatusChange> {
    const text = statusSql(query);
    const statement = query.vehicleNos && query.vehicleNos.length > 1 ? this.#db.prepare(text) : this.#statement(text);
    for (const row of statement.iterate(...statusParameters(query)) as unknown as Iterable<StatusRow>) yield statusOf(row);
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

const statementsMax = 64;

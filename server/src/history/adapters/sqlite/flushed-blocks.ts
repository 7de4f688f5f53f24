import type { StoredChunk } from '../../ports.ts';
import { readChunkHeader } from '../../read-chunk.ts';
import { type BlockChunk, blockBytesMax, blockSize, chunksOfBlock, encodeBlock } from './block.ts';
import type { Statements } from './statements.ts';

/** Ids of blocks: flush_no << 43 | vehicle_no << 12 | ordinal of the block's first chunk among those of its vehicle. */
export const ordinalsPerVehicle = 4096;
export const flushShift = 43n;
export const flushNoMax = 2 ** 20 - 1;

const sql = {
  addBlock: 'INSERT INTO flushed (id, block) VALUES (?, ?)',
  // Of each flush: the block that starts at or before the first vehicle's first chunk, and those that start within the range.
  readBlocks: `SELECT f.partition AS partition, f.from_offset AS from_offset, f.end_offset AS end_offset, b.block AS block
      FROM flush f CROSS JOIN flushed b
      ON b.id BETWEEN coalesce((SELECT max(id) FROM flushed WHERE id BETWEEN f.flush_no << 43 AND (f.flush_no << 43) + ?1), f.flush_no << 43)
        AND (f.flush_no << 43) + ?2
      WHERE f.to_ms >= ?3 AND f.from_ms < ?4`,
  flushes: 'SELECT flush_no, partition, from_offset, end_offset FROM flush',
  blocksOf: `SELECT id, block FROM flushed WHERE id BETWEEN
      coalesce((SELECT max(id) FROM flushed WHERE id BETWEEN ?1 << 43 AND (?1 << 43) + ?2), ?1 << 43) AND (?1 << 43) + ?3`,
  setBlock: 'UPDATE flushed SET block = ? WHERE id = ?',
  dropBlock: 'DELETE FROM flushed WHERE id = ?',
  shrinkFlush: 'UPDATE flush SET chunks = chunks - ?, rows = rows - ? WHERE flush_no = ?',
  dropFlush: 'DELETE FROM flush WHERE flush_no = ? AND chunks = 0',
} as const;

/** Chunks of a flush that go into one file, packed into blocks as they come: what is kept of each is its bytes. */
export class FlushBlocks {
  /** `place`: vehicleNo · ordinalsPerVehicle + ordinal of the block's first chunk. */
  readonly #blocks: { readonly place: number; readonly bytes: Uint8Array }[] = [];
  readonly #fromOffset: number;
  #open: StoredChunk[] = [];
  #openBytes = 0;
  #openPlace = 0;
  #vehicleNo = Number.NaN;
  #ordinal = 0;
  chunks = 0;
  rows = 0;
  fromMs = Number.POSITIVE_INFINITY;
  toMs = 0;

  constructor(fromOffset: number) {
    this.#fromOffset = fromOffset;
  }

  get vehicleNoMax(): number {
    return Number.isNaN(this.#vehicleNo) ? 0 : this.#vehicleNo;
  }

  /** In order of (vehicleNo, firstOffset). False: it has no place in a block. */
  add(chunk: StoredChunk): boolean {
    this.fromMs = Math.min(this.fromMs, chunk.fromMs);
    this.toMs = Math.max(this.toMs, chunk.toMs);
    this.#ordinal = chunk.vehicleNo === this.#vehicleNo ? this.#ordinal + 1 : 0;
    this.#vehicleNo = chunk.vehicleNo;
    if (this.#ordinal >= ordinalsPerVehicle) return false;
    if (blockSize(this.#openBytes + chunk.bytes.length, this.#open.length + 1) > blockBytesMax) this.#close();
    if (this.#open.length === 0) this.#openPlace = chunk.vehicleNo * ordinalsPerVehicle + this.#ordinal;
    this.#open.push(chunk);
    this.#openBytes += chunk.bytes.length;
    this.chunks++;
    this.rows += chunk.rows;
    return true;
  }

  #close(): void {
    if (this.#open.length > 0) this.#blocks.push({ place: this.#openPlace, bytes: encodeBlock(this.#open, this.#fromOffset) });
    this.#open = [];
    this.#openBytes = 0;
  }

  write(statements: Statements, flushNo: number): void {
    this.#close();
    const insert = statements.of(sql.addBlock);
    const base = BigInt(flushNo) << flushShift;
    for (const { place, bytes } of this.#blocks) insert.run(base + BigInt(place), bytes);
  }
}

export interface FlushedChunk extends BlockChunk {
  readonly partition: number;
  /** Offset at which the flush of this chunk ends. */
  readonly endOffset: number;
}

interface BlockRow {
  readonly partition: number;
  readonly from_offset: number;
  readonly end_offset: number;
  readonly block: Uint8Array;
}

/** Chunks of the vehicles `fromVehicleNo` … `toVehicleNo` − 1 in flushes whose times meet the period, in no order. */
export function* readBlocks(
  statements: Statements,
  fromVehicleNo: number,
  toVehicleNo: number,
  fromMs: number,
  toMs: number,
): Generator<FlushedChunk> {
  const first = fromVehicleNo * ordinalsPerVehicle;
  const last = toVehicleNo * ordinalsPerVehicle - 1;
  const rows = statements.of(sql.readBlocks).iterate(first, last, fromMs, toMs) as unknown as Iterable<BlockRow>;
  for (const { partition, from_offset, end_offset, block } of rows) {
    for (const chunk of chunksOfBlock(block, from_offset, fromVehicleNo, toVehicleNo))
      yield { ...chunk, partition, endOffset: end_offset };
  }
}

interface FlushRow {
  readonly flush_no: number;
  readonly from_offset: number;
  readonly end_offset: number;
}

/** By vehicleNo: offsets of the chunks that are taken out. */
type Taken = ReadonlyMap<number, ReadonlySet<number>>;

const isWithin = (taken: Taken, { from_offset, end_offset }: FlushRow): boolean => {
  for (const offsets of taken.values())
    for (const offset of offsets) if (offset >= from_offset && offset < end_offset) return true;
  return false;
};

const removeFromFlush = (statements: Statements, { flush_no, from_offset }: FlushRow, taken: Taken): void => {
  const vehicleNos = [...taken.keys()];
  const first = Math.min(...vehicleNos) * ordinalsPerVehicle;
  const last = (Math.max(...vehicleNos) + 1) * ordinalsPerVehicle - 1;
  const blocks = statements.of(sql.blocksOf).all(flush_no, first, last) as unknown as { id: bigint; block: Uint8Array }[];
  let chunks = 0;
  let rows = 0;
  for (const { id, block } of blocks) {
    const kept: BlockChunk[] = [];
    const chunksBefore = chunks;
    for (const chunk of chunksOfBlock(block, from_offset, 0, Number.POSITIVE_INFINITY)) {
      if (!taken.get(chunk.vehicleNo)?.has(chunk.firstOffset)) kept.push(chunk);
      else {
        chunks++;
        rows += readChunkHeader(chunk.bytes).rows;
      }
    }
    if (chunks === chunksBefore) continue;
    if (kept.length === 0) statements.of(sql.dropBlock).run(id);
    // The id may name a vehicle that is gone: it is still between those of the blocks beside it.
    else statements.of(sql.setBlock).run(encodeBlock(kept, from_offset), id);
  }
  if (chunks === 0) return;
  statements.of(sql.shrinkFlush).run(chunks, rows, flush_no);
  statements.of(sql.dropFlush).run(flush_no);
};

/** Takes chunks out of the blocks they share. */
export const removeFlushed = (statements: Statements, taken: Taken): void => {
  if (taken.size === 0) return;
  statements.of(sql.blocksOf).setReadBigInts(true);
  for (const flush of statements.of(sql.flushes).all() as unknown as FlushRow[]) {
    if (isWithin(taken, flush)) removeFromFlush(statements, flush, taken);
  }
};

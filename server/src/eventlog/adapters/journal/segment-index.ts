import { open, stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { virtualPartitionCount, virtualPartitionOf } from '../../../events/index.ts';
import { readUpTo, replaceFile } from './files.ts';

const magic = 0x494a_504d;
const version = 1;
const headerBytes = 48;
const tableEntryBytes = 8;
const rowBytes = 8;
const tableBytes = (virtualPartitionCount + 1) * tableEntryBytes;
/** Rows put into the file's order before other work has a turn: about a millisecond. */
const rowsPerTurn = 32_768;

/** The file of an index does not hold what was written: it is made anew from its segment. */
export class DamagedIndexError extends Error {}

/**
 * Which vehicle each record of a segment is about. While a segment is written the rows stand in the order of its records, and a search
 * goes through all of them: half a million numbers take less than a millisecond. Closed segments keep theirs in a file, one bucket for
 * each virtual partition, of which a search reads one. Little-endian; docs/formats/journal.md:
 *
 *     index   = header · table · row*
 *     header  = u32 "MPJI" · u16 version (1) · u16 0 · u32 records · u32 0 · u64 bytes of the segment's file · u64 oldest receivedAt
 *               · u64 newest · u32 0 · u32 crc32 of the 44 bytes before
 *     table   = 1,025 × (u32 first row of the bucket · u32 crc32 of its rows, begun with the number of the first row)
 *     row     = i32 vehicleNo · u32 position (offset − first offset of the segment), ascending within a bucket
 */
export class SegmentIndex {
  #count = 0;
  #vehicleNos = new Int32Array(1024);
  #positions = new Uint32Array(1024);
  #file: string | undefined;
  segmentBytes = 0;
  oldestReceivedAt = Number.POSITIVE_INFINITY;
  newestReceivedAt = 0;

  get count(): number {
    return this.#count;
  }

  add(vehicleNo: number, position: number, receivedAt: number): void {
    if (this.#count === this.#vehicleNos.length) this.#grow();
    this.#vehicleNos[this.#count] = vehicleNo;
    this.#positions[this.#count] = position;
    this.#count++;
    if (receivedAt < this.oldestReceivedAt) this.oldestReceivedAt = receivedAt;
    if (receivedAt > this.newestReceivedAt) this.newestReceivedAt = receivedAt;
  }

  dropFrom(position: number): void {
    while (this.#count > 0 && (this.#positions[this.#count - 1] as number) >= position) this.#count--;
  }

  /** Positions of a vehicle's records below `before`, newest first. Throws `DamagedIndexError`. */
  async positionsOf(vehicleNo: number, before: number): Promise<number[]> {
    const found: number[] = [];
    if (this.#file === undefined) {
      for (let i = this.#count - 1; i >= 0; i--) {
        if (this.#vehicleNos[i] === vehicleNo && (this.#positions[i] as number) < before)
          found.push(this.#positions[i] as number);
      }
      return found;
    }
    const rows = await readBucket(this.#file, virtualPartitionOf(vehicleNo));
    for (let at = rows.length - rowBytes; at >= 0; at -= rowBytes) {
      const position = rows.readUInt32LE(at + 4);
      if (rows.readInt32LE(at) === vehicleNo && position < before) found.push(position);
    }
    return found;
  }

  /** Writes the rows beside the closed segment, a part each turn, then lets go of their memory. */
  async save(file: string, segmentBytes: number): Promise<void> {
    this.segmentBytes = segmentBytes;
    const starts = await this.#bucketStarts();
    const rows = await this.#rowsByBucket(starts);
    await replaceFile(file, [this.#header(), tableOf(starts, rows), rows]);
    this.#file = file;
    this.#vehicleNos = new Int32Array(0);
    this.#positions = new Uint32Array(0);
  }

  /** The index of a closed segment, its rows left in the file; undefined when it is missing or damaged. */
  static async load(file: string): Promise<SegmentIndex | undefined> {
    const size = await stat(file).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size < headerBytes) return undefined;
    const header = await readAt(file, headerBytes, 0);
    if (header.readUInt32LE(0) !== magic || header.readUInt16LE(4) !== version) return undefined;
    if (header.readUInt32LE(44) !== crc32(header.subarray(0, 44))) return undefined;
    const index = new SegmentIndex();
    index.#count = header.readUInt32LE(8);
    if (size !== headerBytes + tableBytes + index.#count * rowBytes) return undefined;
    index.segmentBytes = Number(header.readBigUInt64LE(16));
    index.oldestReceivedAt = index.#count > 0 ? Number(header.readBigUInt64LE(24)) : Number.POSITIVE_INFINITY;
    index.newestReceivedAt = Number(header.readBigUInt64LE(32));
    index.#file = file;
    index.#vehicleNos = new Int32Array(0);
    index.#positions = new Uint32Array(0);
    return index;
  }

  #header(): Buffer {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(magic, 0);
    header.writeUInt16LE(version, 4);
    header.writeUInt32LE(this.#count, 8);
    header.writeBigUInt64LE(BigInt(this.segmentBytes), 16);
    header.writeBigUInt64LE(BigInt(this.#count > 0 ? this.oldestReceivedAt : 0), 24);
    header.writeBigUInt64LE(BigInt(this.newestReceivedAt), 32);
    header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
    return header;
  }

  /** First row of each bucket and, last, the number of rows. */
  async #bucketStarts(): Promise<Uint32Array> {
    const starts = new Uint32Array(virtualPartitionCount + 1);
    await this.#inTurns((row) => {
      const next = virtualPartitionOf(this.#vehicleNos[row] as number) + 1;
      starts[next] = (starts[next] as number) + 1;
    });
    for (let i = 1; i <= virtualPartitionCount; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
    return starts;
  }

  async #rowsByBucket(starts: Uint32Array): Promise<Buffer> {
    const rows = Buffer.allocUnsafeSlow(this.#count * rowBytes);
    const next = starts.slice();
    await this.#inTurns((row) => {
      const vehicleNo = this.#vehicleNos[row] as number;
      const bucket = virtualPartitionOf(vehicleNo);
      const at = (next[bucket] as number) * rowBytes;
      next[bucket] = (next[bucket] as number) + 1;
      rows.writeInt32LE(vehicleNo, at);
      rows.writeUInt32LE(this.#positions[row] as number, at + 4);
    });
    return rows;
  }

  async #inTurns(visit: (row: number) => void): Promise<void> {
    for (let from = 0; from < this.#count; from += rowsPerTurn) {
      const to = Math.min(from + rowsPerTurn, this.#count);
      for (let row = from; row < to; row++) visit(row);
      if (to < this.#count) await nextTurn();
    }
  }

  #grow(): void {
    const vehicleNos = new Int32Array(this.#vehicleNos.length * 2);
    const positions = new Uint32Array(vehicleNos.length);
    vehicleNos.set(this.#vehicleNos);
    positions.set(this.#positions);
    this.#vehicleNos = vehicleNos;
    this.#positions = positions;
  }
}

const tableOf = (starts: Uint32Array, rows: Buffer): Buffer => {
  const table = Buffer.alloc(tableBytes);
  for (let bucket = 0; bucket <= virtualPartitionCount; bucket++) {
    const [from, to] = [starts[bucket] as number, starts[bucket + 1] ?? (starts[bucket] as number)];
    table.writeUInt32LE(from, bucket * tableEntryBytes);
    table.writeUInt32LE(crc32(rows.subarray(from * rowBytes, to * rowBytes), from), bucket * tableEntryBytes + 4);
  }
  return table;
};

const readAt = async (file: string, length: number, position: number): Promise<Buffer> => {
  const handle = await open(file, 'r');
  try {
    return await readUpTo(handle, length, position);
  } finally {
    await handle.close();
  }
};

const readBucket = async (file: string, bucket: number): Promise<Buffer> => {
  const damaged = (): DamagedIndexError => new DamagedIndexError(`${file} is damaged`);
  const entries = await readAt(file, 2 * tableEntryBytes, headerBytes + bucket * tableEntryBytes).catch(() => Buffer.alloc(0));
  if (entries.length < 2 * tableEntryBytes) throw damaged();
  const [from, crc, to] = [entries.readUInt32LE(0), entries.readUInt32LE(4), entries.readUInt32LE(8)];
  const { size } = await stat(file);
  if (to < from || headerBytes + tableBytes + to * rowBytes > size) throw damaged();
  const rows = await readAt(file, (to - from) * rowBytes, headerBytes + tableBytes + from * rowBytes);
  if (crc32(rows, from) !== crc) throw damaged();
  return rows;
};

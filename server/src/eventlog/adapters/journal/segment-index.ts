import { open, readFile, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const magic = 0x494a_504d;
const headerBytes = 40;

/**
 * Which vehicle each record of a segment is about, in order. A search goes through all of it: half a million numbers take less than a
 * millisecond, and nothing has to be kept sorted while writing. Closed segments keep theirs in a file:
 *
 *     u32 "MPJI" · u32 records · u64 segment bytes · u64 oldest receivedAt · u64 newest · u32 crc32 of the rest · u32 0
 *     · i32 vehicleNo × records · u32 position × records
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

  /** Positions of a vehicle's records below `before`, newest first. */
  async positionsOf(vehicleNo: number, before: number): Promise<number[]> {
    const { vehicleNos, positions, count } = await this.#rows();
    const found: number[] = [];
    for (let i = count - 1; i >= 0; i--) {
      if (vehicleNos[i] === vehicleNo && (positions[i] as number) < before) found.push(positions[i] as number);
    }
    return found;
  }

  /** Writes the rows beside the closed segment and lets go of their memory. */
  async save(file: string, segmentBytes: number): Promise<void> {
    this.segmentBytes = segmentBytes;
    const rows = Buffer.concat([
      Buffer.from(this.#vehicleNos.buffer, 0, this.#count * 4),
      Buffer.from(this.#positions.buffer, 0, this.#count * 4),
    ]);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(magic, 0);
    header.writeUInt32LE(this.#count, 4);
    header.writeBigUInt64LE(BigInt(segmentBytes), 8);
    header.writeBigUInt64LE(BigInt(this.#count > 0 ? this.oldestReceivedAt : 0), 16);
    header.writeBigUInt64LE(BigInt(this.newestReceivedAt), 24);
    header.writeUInt32LE(crc32(rows, crc32(header.subarray(0, 32))), 32);
    const handle = await open(`${file}.new`, 'w');
    await handle.writev([header, rows]);
    await handle.datasync();
    await handle.close();
    await rename(`${file}.new`, file);
    this.#file = file;
    this.#vehicleNos = new Int32Array(0);
    this.#positions = new Uint32Array(0);
  }

  /** The index of a closed segment, its rows left in the file; undefined when it is missing or damaged. */
  static async load(file: string): Promise<SegmentIndex | undefined> {
    const bytes = await readFile(file).catch(() => undefined);
    if (!bytes || bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic) return undefined;
    const index = new SegmentIndex();
    index.#count = bytes.readUInt32LE(4);
    if (bytes.length !== headerBytes + index.#count * 8) return undefined;
    if (crc32(bytes.subarray(headerBytes), crc32(bytes.subarray(0, 32))) !== bytes.readUInt32LE(32)) return undefined;
    index.segmentBytes = Number(bytes.readBigUInt64LE(8));
    index.oldestReceivedAt = index.#count > 0 ? Number(bytes.readBigUInt64LE(16)) : Number.POSITIVE_INFINITY;
    index.newestReceivedAt = Number(bytes.readBigUInt64LE(24));
    index.#file = file;
    index.#vehicleNos = new Int32Array(0);
    index.#positions = new Uint32Array(0);
    return index;
  }

  async #rows(): Promise<{ vehicleNos: Int32Array; positions: Uint32Array; count: number }> {
    const count = this.#count;
    if (!this.#file) return { vehicleNos: this.#vehicleNos, positions: this.#positions, count };
    const bytes = await readFile(this.#file);
    const rows = new Uint8Array(bytes.subarray(headerBytes)).buffer;
    return { vehicleNos: new Int32Array(rows, 0, count), positions: new Uint32Array(rows, count * 4, count), count };
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

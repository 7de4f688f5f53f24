import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { FormatError, vehicleNoMax } from '../events/index.ts';
import type { LogPosition } from '../eventlog/index.ts';
import type { Outage } from './connection-status.ts';
import { type LatestPage, latestPageBytes, latestPageOver } from './latest-page.ts';
import { pageMemory, pageShift, vehiclesPerPage } from './pages.ts';
import { outagesMax, type StatusPage, statusPageBytes, statusPageOver } from './status-tracker.ts';

/**
 * A snapshot of the live state, version 2. Little-endian. docs/formats/live-snapshot.md
 *
 *     file   = header · outage* · position* · u32 crc32 of all that · block* · end
 *     header   0  4 B  "MPLV"        4  u16  version (2)             6  u16  number of outages
 *              8  u32  number of positions                          12  u32, f64  reserved (0)
 *             24  f64  saved at     32  f64  newest receivedAt      40  f64  deadlines before this moment are settled
 *     outage = f64 from · f64 to
 *     position = u32 partition · u32 0 · f64 offset: records of the partition below it are contained
 *     block  = u8 kind (1 status, 2 latest) · u8 codec (1 zstd) · u16 pages · u32 raw length · u32 stored length
 *              · u32 crc32 of the 12 bytes before and the stored bytes · stored bytes
 *     end    = u8 255 · u8 0 · u16 0 · u32 number of blocks · u32 0 · u32 crc32 of the 12 bytes before
 *     page of kind 1 = u32 page index · u32 0 · 24,576 B
 *     page of kind 2 = u32 page index · u32 signal number · u32 number of texts · u32 byte length of the texts · 32,768 B
 *                      · texts × (u16 slot · u16 length · UTF-8)
 *
 * A page of kind 1 is its columns one after the other, 1,024 vehicles each (f64 last seen, f64 since, i32 device, u8 status, u8 reason, u8
 * remembered reason, u8 reserved); one of kind 2 is 1,024 × (f64 stored, f64 sample time or −1, f64 receivedAt, f64 deviceNo).
 *
 * Version 1 has one position, in the header (u32 partition at 8, f64 offset at 16), and is read, too.
 */
export const snapshotVersion = 2;
/** Partitions that one snapshot can have. */
const positionsMax = 1024;
export const snapshotHeaderBytes = 48;
export const blockHeadBytes = 16;
export const blockKinds = { status: 1, latest: 2, end: 255 } as const;
export const zstdCodec = 1;
/** Pages of one block: what is copied without a pause (0.9 MB). */
export const pagesPerBlock = 32;
/** Most bytes that a block may say it unpacks to: pages whose every vehicle has the longest text. */
const blockRawBytesMax = pagesPerBlock * (16 + latestPageBytes + vehiclesPerPage * 1028);
/** zlib gathers its output in chunks of this size and then joins them: one chunk a block saves both. */
export const chunkBytesMin = 65_536;
const magic = 0x564c_504d;

export interface SnapshotHeader {
  readonly positions: readonly LogPosition[];
  readonly savedAt: number;
  readonly newestRecordMs: number;
  readonly settledMs: number;
  readonly outages: readonly Outage[];
}
export interface LatestEntry {
  readonly signalNumber: number;
  readonly index: number;
  readonly page: LatestPage;
}
export interface StatusEntry {
  readonly index: number;
  readonly page: StatusPage;
}
export interface Snapshot extends SnapshotHeader {
  readonly status: readonly StatusEntry[];
  readonly latest: readonly LatestEntry[];
}

export const encodeHeader = (header: SnapshotHeader): Buffer => {
  const outagesEnd = snapshotHeaderBytes + header.outages.length * 16;
  const length = outagesEnd + header.positions.length * 16;
  const bytes = Buffer.alloc(length + 4);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt16LE(snapshotVersion, 4);
  bytes.writeUInt16LE(header.outages.length, 6);
  bytes.writeUInt32LE(header.positions.length, 8);
  bytes.writeDoubleLE(header.savedAt, 24);
  bytes.writeDoubleLE(header.newestRecordMs, 32);
  bytes.writeDoubleLE(header.settledMs, 40);
  for (const [i, outage] of header.outages.entries()) {
    bytes.writeDoubleLE(outage.fromMs, snapshotHeaderBytes + i * 16);
    bytes.writeDoubleLE(outage.toMs, snapshotHeaderBytes + i * 16 + 8);
  }
  for (const [i, { partition, offset }] of header.positions.entries()) {
    bytes.writeUInt32LE(partition, outagesEnd + i * 16);
    bytes.writeDoubleLE(offset, outagesEnd + i * 16 + 8);
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, length)), length);
  return bytes;
};

/** Head of a block or of the end (`stored` empty, `rawLength` the number of blocks). */
export const encodeBlockHead = (kind: number, pages: number, rawLength: number, stored: Uint8Array): Buffer => {
  const head = Buffer.alloc(blockHeadBytes);
  head.writeUInt8(kind, 0);
  head.writeUInt8(kind === blockKinds.end ? 0 : zstdCodec, 1);
  head.writeUInt16LE(pages, 2);
  head.writeUInt32LE(rawLength, 4);
  head.writeUInt32LE(stored.length, 8);
  head.writeUInt32LE(crc32(stored, crc32(head.subarray(0, 12))), 12);
  return head;
};

/** Parts that the caller must copy before the page changes again. */
export const encodeStatusPage = ({ index, page }: StatusEntry): Uint8Array[] => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(index, 0);
  return [head, new Uint8Array(page.buffer)];
};

/** Parts that the caller must copy before the page changes again. */
export const encodeLatestPage = ({ signalNumber, index, page }: LatestEntry): Uint8Array[] => {
  const texts: Buffer[] = [];
  for (const [slot, text] of (page.texts ?? []).entries()) {
    if (text === undefined) continue;
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(4);
    head.writeUInt16LE(slot, 0);
    head.writeUInt16LE(bytes.length, 2);
    texts.push(Buffer.concat([head, bytes]));
  }
  const head = Buffer.alloc(16);
  head.writeUInt32LE(index, 0);
  head.writeUInt32LE(signalNumber, 4);
  head.writeUInt32LE(texts.length, 8);
  head.writeUInt32LE(
    texts.reduce((sum, text) => sum + text.length, 0),
    12,
  );
  return [head, new Uint8Array(page.cells.buffer), ...texts];
};

/** Walks over bytes; every overrun is a `FormatError`. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  take(count: number): Buffer {
    if (count > this.bytes.length - this.at)
      throw new FormatError(`the snapshot ends at byte ${this.bytes.length}, expected ${count} more from ${this.at}`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  takePage(length: number): SharedArrayBuffer {
    const memory = pageMemory(length);
    new Uint8Array(memory).set(this.take(length));
    return memory;
  }
}

const checkCrc = (expected: number, actual: number, what: string): void => {
  if (expected !== actual) throw new FormatError(`the crc32 of ${what} is ${actual}, expected ${expected}`);
};

const decodeHeader = (input: Cursor): SnapshotHeader => {
  const head = input.take(snapshotHeaderBytes);
  if (head.readUInt32LE(0) !== magic) throw new FormatError('the file is no snapshot');
  const version = head.readUInt16LE(4);
  if (version !== 1 && version !== snapshotVersion)
    throw new FormatError(`the snapshot has version ${version}, expected 1 or ${snapshotVersion}`);
  const count = head.readUInt16LE(6);
  if (count > outagesMax) throw new FormatError(`the snapshot has ${count} outages, expected at most ${outagesMax}`);
  const outageBytes = input.take(count * 16);
  const positionCount = version === 1 ? 0 : head.readUInt32LE(8);
  if (positionCount > positionsMax)
    throw new FormatError(`the snapshot has ${positionCount} positions, expected at most ${positionsMax}`);
  const positionBytes = input.take(positionCount * 16);
  checkCrc(input.take(4).readUInt32LE(0), crc32(positionBytes, crc32(outageBytes, crc32(head))), 'the header');
  const outages = Array.from({ length: count }, (_, i) => ({
    fromMs: outageBytes.readDoubleLE(i * 16),
    toMs: outageBytes.readDoubleLE(i * 16 + 8),
  }));
  const positions = Array.from({ length: positionCount }, (_, i) => ({
    partition: positionBytes.readUInt32LE(i * 16),
    offset: positionBytes.readDoubleLE(i * 16 + 8),
  }));
  return {
    positions: version === 1 ? [{ partition: head.readUInt32LE(8), offset: head.readDoubleLE(16) }] : positions,
    savedAt: head.readDoubleLE(24),
    newestRecordMs: head.readDoubleLE(32),
    settledMs: head.readDoubleLE(40),
    outages,
  };
};

const checkIndex = (index: number): number => {
  if (index > vehicleNoMax >> pageShift) throw new FormatError(`page ${index} is out of range`);
  return index;
};

const decodeStatusPage = (input: Cursor): StatusEntry => {
  const index = checkIndex(input.take(8).readUInt32LE(0));
  return { index, page: statusPageOver(input.takePage(statusPageBytes), 0) };
};

const decodeLatestPage = (input: Cursor, intern: (text: string) => string): LatestEntry => {
  const head = input.take(16);
  const index = checkIndex(head.readUInt32LE(0));
  const page = latestPageOver(input.takePage(latestPageBytes), 0);
  const count = head.readUInt32LE(8);
  const end = input.at + head.readUInt32LE(12);
  if (count > 0) page.texts = Array.from({ length: vehiclesPerPage });
  for (let i = 0; i < count; i++) {
    const text = input.take(4);
    const bytes = input.take(text.readUInt16LE(2));
    (page.texts as (string | undefined)[])[text.readUInt16LE(0) % vehiclesPerPage] = intern(bytes.toString());
  }
  if (input.at !== end) throw new FormatError(`the texts of page ${index} end at ${input.at}, expected ${end}`);
  return { signalNumber: head.readUInt32LE(4) & 0xffff, index, page };
};

const unpack = (head: Buffer, stored: Buffer): Cursor => {
  const rawLength = head.readUInt32LE(4);
  if (rawLength > blockRawBytesMax)
    throw new FormatError(`a block says it has ${rawLength} bytes, expected at most ${blockRawBytesMax}`);
  const raw = zstdDecompressSync(stored, { maxOutputLength: rawLength, chunkSize: Math.max(rawLength, chunkBytesMin) });
  if (raw.length !== rawLength) throw new FormatError(`a block has ${raw.length} bytes, expected ${rawLength}`);
  return new Cursor(raw);
};

/** What a snapshot says of itself, without its pages. */
export const readHeader = (bytes: Buffer): SnapshotHeader => decodeHeader(new Cursor(bytes));

/** Decodes a whole file, or throws: nothing of a damaged one is used. Others have their turn after each block. */
export const decodeSnapshot = async (bytes: Buffer, intern: (text: string) => string): Promise<Snapshot> => {
  const input = new Cursor(bytes);
  const header = decodeHeader(input);
  const status: StatusEntry[] = [];
  const latest: LatestEntry[] = [];
  for (let blocks = 0; ; blocks++) {
    const head = input.take(blockHeadBytes);
    const stored = input.take(head.readUInt32LE(8));
    checkCrc(head.readUInt32LE(12), crc32(stored, crc32(head.subarray(0, 12))), `block ${blocks}`);
    const kind = head.readUInt8(0);
    if (kind === blockKinds.end) {
      if (head.readUInt32LE(4) !== blocks)
        throw new FormatError(`the snapshot has ${blocks} blocks, expected ${head.readUInt32LE(4)}`);
      return { ...header, status, latest };
    }
    const pages = unpack(head, stored);
    await nextTurn();
    for (let i = head.readUInt16LE(2); i > 0; i--) {
      if (kind === blockKinds.status) status.push(decodeStatusPage(pages));
      else if (kind === blockKinds.latest) latest.push(decodeLatestPage(pages, intern));
      else throw new FormatError(`block kind ${kind} is unknown`);
    }
  }
};

import { ByteReader, ByteWriter, FormatError } from '../../../events/index.ts';

/**
 * Small chunks of a flush share a row, because a row of its own costs SQLite some 23 bytes and an insert.
 *
 *     block = u8 version (1) · varint count · count × entry · the chunks
 *     entry = varint gap to the vehicleNo before (from 0) · zigzag difference of firstOffset to the one before (from the flush's
 *             fromOffset) · varint bytes of the chunk
 *
 * In order of (vehicleNo, firstOffset).
 */
const blockVersion = 1;
/**
 * A block is closed before it gets larger; a larger chunk has a block of its own. Measured once a minute, bytes a sample in files: 980 (one page)
 * 30.0, 1,990 29.6, 2,990 24.1, 4,000 23.7; and each page is read for one vehicle.
 */
export const blockBytesMax = 2990;
const entryBytesMax = 24;
const chunksPerBlockMax = 4096;

/** What a block with these chunks takes at most. */
export const blockSize = (chunkBytes: number, count: number): number => chunkBytes + count * entryBytesMax + 4;

const out = new ByteWriter(16 * 1024);

export const encodeBlock = (chunks: readonly BlockChunk[], fromOffset: number): Uint8Array => {
  out.at = 0;
  out.byte(blockVersion);
  out.varint(chunks.length);
  let vehicleNo = 0;
  let offset = fromOffset;
  for (const chunk of chunks) {
    out.varint(chunk.vehicleNo - vehicleNo);
    out.zigzag(chunk.firstOffset - offset);
    out.varint(chunk.bytes.length);
    vehicleNo = chunk.vehicleNo;
    offset = chunk.firstOffset;
  }
  for (const { bytes } of chunks) out.append(bytes);
  return out.toBytes();
};

export interface BlockChunk {
  readonly vehicleNo: number;
  readonly firstOffset: number;
  readonly bytes: Uint8Array;
}

/** The chunks of the vehicles `fromVehicleNo` … `toVehicleNo` − 1 in a block; they lie in the block's bytes. */
export const chunksOfBlock = (
  block: Uint8Array,
  fromOffset: number,
  fromVehicleNo: number,
  toVehicleNo: number,
): BlockChunk[] => {
  const input = new ByteReader(block);
  const version = input.byte();
  if (version !== blockVersion) throw new FormatError(`block has version ${version}, expected ${blockVersion}`);
  const count = input.varint();
  if (count > chunksPerBlockMax) throw new FormatError(`block has ${count} chunks, expected at most ${chunksPerBlockMax}`);
  const found: { readonly vehicleNo: number; readonly firstOffset: number; readonly at: number; readonly length: number }[] = [];
  let vehicleNo = 0;
  let firstOffset = fromOffset;
  let at = 0;
  for (let i = 0; i < count; i++) {
    vehicleNo += input.varint();
    firstOffset += input.zigzag();
    const length = input.varint();
    if (vehicleNo >= fromVehicleNo && vehicleNo < toVehicleNo) found.push({ vehicleNo, firstOffset, at, length });
    at += length;
  }
  const start = input.at;
  if (start + at !== block.length) throw new FormatError(`block has ${block.length} bytes, its entries say ${start + at}`);
  return found.map((one) => ({
    vehicleNo: one.vehicleNo,
    firstOffset: one.firstOffset,
    bytes: block.subarray(start + one.at, start + one.at + one.length),
  }));
};

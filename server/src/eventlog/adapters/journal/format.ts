import { crc32 } from 'node:zlib';
import { OperationalError } from '../../../kernel/index.ts';

/**
 * Files of the journal, little-endian; docs/formats/journal.md.
 *
 *     segment   = header · group*             one file, named by its first offset; an offset is a position in the endless stream
 *                                             that all segments make, headers of segments not counted
 *     header    = u32 "MPJS" · u16 version (1) · u16 0 · u64 first offset · u32 crc32 of the 16 bytes before · 12 × 0
 *     group     = u32 "MPJC" · u32 bytes of the records · u64 own offset · u32 crc32 of the 16 bytes before · record*
 *     record    = u32 length · u32 crc32 of the payload · payload (a log record)
 *
 * A group is one commit. The next is written only when the one before is on disk, so damage in a group that another follows is
 * corruption, and damage in the last one is a write that was cut off.
 */
export const segmentVersion = 1;
export const segmentHeaderBytes = 32;
export const groupHeaderBytes = 20;
export const frameBytes = 8;

const segmentMagic = 0x534a_504d;
const groupMagic = 0x434a_504d;

export const encodeSegmentHeader = (firstOffset: number): Buffer => {
  const header = Buffer.alloc(segmentHeaderBytes);
  header.writeUInt32LE(segmentMagic, 0);
  header.writeUInt16LE(segmentVersion, 4);
  header.writeBigUInt64LE(BigInt(firstOffset), 8);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
};

/** The first offset; undefined when the bytes are no header. Throws on one of another version, which is no damage. */
export const decodeSegmentHeader = (header: Buffer): number | undefined => {
  if (header.length < segmentHeaderBytes || header.readUInt32LE(0) !== segmentMagic) return undefined;
  if (header.readUInt32LE(16) !== crc32(header.subarray(0, 16))) return undefined;
  const version = header.readUInt16LE(4);
  if (version !== segmentVersion)
    throw new OperationalError(
      'unavailable',
      `the journal has a segment of version ${version}; this program reads version ${segmentVersion}: it is older than its data`,
    );
  return Number(header.readBigUInt64LE(8));
};

/** Writes a group header at the front of `group`, whose records follow it. */
export const writeGroupHeader = (group: Buffer, recordBytes: number, offset: number): void => {
  group.writeUInt32LE(groupMagic, 0);
  group.writeUInt32LE(recordBytes, 4);
  group.writeBigUInt64LE(BigInt(offset), 8);
  group.writeUInt32LE(crc32(group.subarray(0, 16)), 16);
};

/** Bytes of the records of the group that starts at `at`; undefined when no header of that offset is there. */
export const readGroupHeader = (bytes: Buffer, at: number, offset: number): number | undefined => {
  if (at + groupHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== groupMagic) return undefined;
  if (bytes.readBigUInt64LE(at + 8) !== BigInt(offset)) return undefined;
  if (bytes.readUInt32LE(at + 16) !== crc32(bytes.subarray(at, at + 16))) return undefined;
  return bytes.readUInt32LE(at + 4);
};

/** Length of the payload of the record that starts at `at` and must end by `end`; undefined when it is damaged. */
export const checkRecord = (bytes: Buffer, at: number, end: number): number | undefined => {
  if (at + frameBytes > end) return undefined;
  const length = bytes.readUInt32LE(at);
  const from = at + frameBytes;
  if (from + length > end) return undefined;
  return crc32(bytes.subarray(from, from + length)) === bytes.readUInt32LE(at + 4) ? length : undefined;
};

/** True when a whole group header stands anywhere after `from`: what was there before had been on disk. */
export const hasGroupAfter = (bytes: Buffer, from: number, offsetOfStart: number): boolean => {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(groupMagic);
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (readGroupHeader(bytes, at, offsetOfStart + at) !== undefined) return true;
  }
  return false;
};

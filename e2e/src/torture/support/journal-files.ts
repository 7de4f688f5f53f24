import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';

/** Segments of a server's journal, oldest first. */
export const segmentsOf = (data: string): string[] => {
  const folder = path.join(data, 'journal');
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return names.toSorted().map((name) => path.join(folder, name));
};

/** docs/formats/journal.md: a group header begins with "MPJC" and names the bytes that follow and its own offset. */
const groupMagic = Buffer.from('MPJC');
const groupHeaderBytes = 20;

/** The last group of a segment, whole. */
export const lastGroupOf = (segment: Buffer): Buffer => {
  const at = segment.lastIndexOf(groupMagic);
  if (at < 0) throw new Error('the segment has no group');
  return segment.subarray(at, at + groupHeaderBytes + segment.readUInt32LE(at + 4));
};

export const flipBit = (file: string, position: number, bit = 0): void => {
  const bytes = readFileSync(file);
  bytes[position] = (bytes[position] as number) ^ (1 << bit);
  writeFileSync(file, bytes);
};

const frameBytes = 8;
const recordHeaderBytes = 36;

/** Records of a group, header and body each. */
export const recordsOf = (group: Buffer): Buffer[] => {
  const records: Buffer[] = [];
  for (let at = groupHeaderBytes; at < group.length; at += frameBytes + group.readUInt32LE(at))
    records.push(group.subarray(at + frameBytes, at + frameBytes + group.readUInt32LE(at)));
  return records;
};

/** A record with the header of another and a body of its own. */
export const recordLike = (other: Buffer, body: Uint8Array): Buffer =>
  Buffer.concat([other.subarray(0, recordHeaderBytes), body]);

/** Appends a whole, valid group to the newest segment of a stopped server. */
export const appendGroup = (data: string, records: readonly Buffer[]): void => {
  const segment = segmentsOf(data).at(-1) as string;
  const last = lastGroupOf(readFileSync(segment));
  const frames = records.flatMap((record) => {
    const frame = Buffer.alloc(frameBytes);
    frame.writeUInt32LE(record.length, 0);
    frame.writeUInt32LE(crc32(record), 4);
    return [frame, record];
  });
  const body = Buffer.concat(frames);
  const header = Buffer.alloc(groupHeaderBytes);
  groupMagic.copy(header);
  header.writeUInt32LE(body.length, 4);
  header.writeBigUInt64LE(last.readBigUInt64LE(8) + BigInt(last.length), 8);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  appendFileSync(segment, Buffer.concat([header, body]));
};

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

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

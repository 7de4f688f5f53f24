import { type FileHandle, open, readFile, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { recordFields, recordHeaderBytes } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import { readUpTo, syncFolder, writeAll } from './files.ts';
import {
  checkRecord,
  decodeSegmentHeader,
  encodeSegmentHeader,
  frameBytes,
  groupHeaderBytes,
  hasGroupAfter,
  readGroupHeader,
  segmentHeaderBytes,
} from './format.ts';
import { DamagedIndexError, SegmentIndex } from './segment-index.ts';

/** One file of the journal. */
export interface Segment {
  readonly file: string;
  readonly firstOffset: number;
  /** Offset after its last durable byte. */
  endOffset: number;
  /** Made anew when its file is damaged. */
  index: SegmentIndex;
}

export interface ScannedSegment {
  readonly segment: Segment;
  /** Less than the file has when its last write was cut off. */
  readonly validBytes: number;
  readonly fileBytes: number;
}

export const segmentFile = (folder: string, firstOffset: number): string =>
  path.join(folder, `${String(firstOffset).padStart(16, '0')}.log`);
export const filePosition = (segment: Segment, offset: number): number => segmentHeaderBytes + offset - segment.firstOffset;

/** A new file with its header, durable; nothing is left of it when it cannot be made. */
export const createSegment = async (folder: string, firstOffset: number): Promise<{ segment: Segment; handle: FileHandle }> => {
  const file = segmentFile(folder, firstOffset);
  const handle = await open(file, 'w+');
  try {
    await writeAll(handle, encodeSegmentHeader(firstOffset), 0);
    await handle.datasync();
    await syncFolder(folder);
  } catch (error) {
    await handle.close();
    await unlink(file).catch(() => {});
    throw error;
  }
  return { segment: { file, firstOffset, endOffset: firstOffset, index: new SegmentIndex() }, handle };
};

export const corrupt = (file: string, position: number): OperationalError =>
  new OperationalError(
    'unavailable',
    `the journal is damaged in the middle: ${path.basename(file)} at byte ${position}. Restore it from a backup, or rename it to ${path.basename(file)}.lost to go on without its reports.`,
  );

/** Adds the records of a group to the index; answers where the first damaged one starts, or the end. */
const scanGroup = (bytes: Buffer, view: DataView, from: number, end: number, index: SegmentIndex): number => {
  let at = from;
  while (at < end) {
    const length = checkRecord(bytes, at, end);
    if (length === undefined || length < recordHeaderBytes) return at;
    const start = at + frameBytes;
    index.add(recordFields.vehicleNo(view, start), at - segmentHeaderBytes, recordFields.receivedAt(view, start));
    at = start + length;
  }
  return at;
};

/**
 * Reads a segment through. Damage in the last group of the last segment is a write that was cut off: `validBytes` ends before it.
 * Damage anywhere else is refused.
 */
export const scanSegment = async (file: string, isLast: boolean): Promise<ScannedSegment> => {
  const bytes = await readFile(file);
  const firstOffset = decodeSegmentHeader(bytes);
  if (firstOffset === undefined) throw corrupt(file, 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = new SegmentIndex();
  const offsetOfStart = firstOffset - segmentHeaderBytes;
  let at = segmentHeaderBytes;
  while (at < bytes.length) {
    const recordBytes = readGroupHeader(bytes, at, offsetOfStart + at);
    const end = at + groupHeaderBytes + (recordBytes ?? 0);
    const valid =
      recordBytes === undefined ? at : scanGroup(bytes, view, at + groupHeaderBytes, Math.min(end, bytes.length), index);
    if (recordBytes !== undefined && valid === end) {
      at = end;
      continue;
    }
    if (!isLast || hasGroupAfter(bytes, at + 1, offsetOfStart)) throw corrupt(file, valid);
    // The whole last group goes: none of it was acknowledged, since its write never ended.
    index.dropFrom(at - segmentHeaderBytes);
    break;
  }
  const segment = { file, firstOffset, endOffset: firstOffset + at - segmentHeaderBytes, index };
  return { segment, validBytes: at, fileBytes: bytes.length };
};

/** Opens a closed segment by its index file; undefined when that is missing or does not fit. */
export const openClosedSegment = async (file: string): Promise<Segment | undefined> => {
  const index = await SegmentIndex.load(`${file}.idx`);
  if (!index) return undefined;
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  const header = await readUpTo(handle, segmentHeaderBytes, 0);
  await handle.close();
  const firstOffset = decodeSegmentHeader(header);
  if (firstOffset === undefined || index.segmentBytes !== size) return undefined;
  return { file, firstOffset, endOffset: firstOffset + size - segmentHeaderBytes, index };
};

/** Writes the index of a closed segment, after which it needs no memory. */
export const saveIndex = (segment: Segment): Promise<void> =>
  segment.index.save(`${segment.file}.idx`, filePosition(segment, segment.endOffset));

/** Positions of a vehicle's records below `before`, newest first. A damaged index is made anew from the segment. */
export const positionsOf = async (segment: Segment, vehicleNo: number, before: number): Promise<number[]> => {
  try {
    return await segment.index.positionsOf(vehicleNo, before);
  } catch (error) {
    if (!(error instanceof DamagedIndexError)) throw error;
    segment.index = (await scanSegment(segment.file, false)).segment.index;
    // A disk that is full takes no index: it stays in memory then.
    await saveIndex(segment).catch(() => {});
    return segment.index.positionsOf(vehicleNo, before);
  }
};

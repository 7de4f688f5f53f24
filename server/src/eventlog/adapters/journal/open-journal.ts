import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Logger, OperationalError } from '../../../kernel/index.ts';
import type { EventLog } from '../../ports.ts';
import { ConsumerOffsets } from './consumer-offsets.ts';
import { readDurableEnd } from './durable-end.ts';
import { isDiskFull, readUpTo, syncFolder } from './files.ts';
import { segmentHeaderBytes } from './format.ts';
import { Journal } from './journal.ts';
import { checkRetention } from '../../retention.ts';
import { type JournalOptions, journalLimits } from './options.ts';
import {
  corrupt,
  createSegment,
  openClosedSegment,
  type ScannedSegment,
  saveIndex,
  type Segment,
  scanSegment,
  segmentFile,
} from './segment.ts';
import { SegmentIndex } from './segment-index.ts';

interface Listed {
  readonly file: string;
  readonly firstOffset: number;
  /** Given up by the operator, who renamed it. */
  readonly isLost: boolean;
}

const listFiles = async (folder: string): Promise<Listed[]> => {
  const names = await readdir(folder);
  return names
    .filter((name) => /^\d{16}\.log(\.lost)?$/.test(name))
    .toSorted()
    .map((name) => ({ file: path.join(folder, name), firstOffset: Number(name.slice(0, 16)), isLost: name.endsWith('.lost') }));
};

const openOlder = async (file: string, logger: Logger): Promise<Segment> => {
  const indexed = await openClosedSegment(file);
  if (indexed) return indexed;
  const { segment } = await scanSegment(file, false);
  // A disk that is full takes no index and must not keep anybody from reading: it stays in memory then.
  await saveIndex(segment).catch((error: unknown) =>
    logger.warn('an index cannot be written', { file: path.basename(file), error }),
  );
  return segment;
};

/** The last file may have been created and not written to: it has no whole header then, and is made again. */
const isBegun = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r');
  try {
    const header = await readUpTo(handle, segmentHeaderBytes + 1, 0);
    return header.length > segmentHeaderBytes || (header.length === segmentHeaderBytes && header.some((byte) => byte !== 0));
  } finally {
    await handle.close();
  }
};

/** Each file begins where the one before ends; one that was given up ends where the next begins, or at its size. */
const checkContinuity = async (files: readonly Listed[], segments: readonly Segment[]): Promise<number> => {
  let end: number | undefined;
  for (const { file, firstOffset, isLost } of files) {
    const isAfterLost = end === Number.POSITIVE_INFINITY;
    if (end !== undefined && end !== firstOffset && !isAfterLost) {
      throw new OperationalError('unavailable', `the journal has a gap: ${path.basename(file)} should begin at offset ${end}`);
    }
    end = isLost ? Number.POSITIVE_INFINITY : segments.find((segment) => segment.file === file)?.endOffset;
  }
  const last = files.at(-1);
  if (!last?.isLost) return end ?? 0;
  return last.firstOffset + (await stat(last.file)).size;
};

/** What a crash left half written is cut; a whole group that it left is made durable, for from now on it counts. */
const openForWriting = async (last: ScannedSegment, logger: Logger): Promise<FileHandle> => {
  const { segment, validBytes, fileBytes } = last;
  const handle = await open(segment.file, 'r+');
  if (validBytes < fileBytes) {
    logger.warn('cut a write that a crash had interrupted', { file: path.basename(segment.file), bytes: fileBytes - validBytes });
    await handle.truncate(validBytes);
  }
  await handle.datasync();
  return handle;
};

/**
 * A disk that is full takes no new file, and must not keep anybody from reading what is there: the segment stands in memory alone then,
 * and its file is begun with the first commit that finds room.
 */
const beginSegment = async (
  { folder, logger }: JournalOptions,
  firstOffset: number,
  segments: Segment[],
): Promise<FileHandle | undefined> => {
  try {
    const { segment, handle } = await createSegment(folder, firstOffset);
    segments.push(segment);
    return handle;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    logger.warn('the disk is full: no report is taken until there is room', { error });
    segments.push({ file: segmentFile(folder, firstOffset), firstOffset, endOffset: firstOffset, index: new SegmentIndex() });
    return undefined;
  }
};

/** Opens the journal of a folder: reads it through, cuts what a crash left half written, refuses damage in the middle. */
export const openJournal = async (options: JournalOptions): Promise<EventLog> => {
  const limits = { ...journalLimits, ...options.limits };
  checkRetention(limits.retentionMs);
  if (await mkdir(options.folder, { recursive: true })) await syncFolder(path.dirname(options.folder));
  const files = await listFiles(options.folder);
  const last = files.at(-1);
  const isLastBegun = last !== undefined && !last.isLost && (await isBegun(last.file));
  const begun = last && !last.isLost && !isLastBegun ? files.slice(0, -1) : files;
  const older = isLastBegun ? begun.slice(0, -1) : begun;
  const segments: Segment[] = [];
  for (const { file, isLost } of older) if (!isLost) segments.push(await openOlder(file, options.logger));
  const durableEnd = await readDurableEnd(options.folder);
  const scanned = isLastBegun ? await scanSegment(last.file, true) : undefined;
  if (scanned) {
    if (scanned.segment.endOffset < durableEnd) throw corrupt(last?.file ?? '', scanned.validBytes);
    segments.push(scanned.segment);
  }
  const endOffset = await checkContinuity(begun, segments);
  if (endOffset < durableEnd) {
    throw new OperationalError(
      'unavailable',
      `the journal ends at offset ${endOffset}, but was closed at ${durableEnd}: files are missing`,
    );
  }
  const consumers = await ConsumerOffsets.open(options.folder);
  const handle = scanned ? await openForWriting(scanned, options.logger) : await beginSegment(options, endOffset, segments);
  const journal = new Journal(options, limits, segments, handle, consumers);
  await journal.startDiskChecks();
  return journal;
};

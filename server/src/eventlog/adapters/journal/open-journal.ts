import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { OperationalError } from '../../../kernel/index.ts';
import type { EventLog } from '../../ports.ts';
import { ConsumerOffsets } from './consumer-offsets.ts';
import { Journal, openActive } from './journal.ts';
import { type JournalOptions, journalLimits } from './options.ts';
import { createSegment, openClosedSegment, type Segment, scanSegment } from './segment.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from './format.ts';

const listFiles = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder);
  return names
    .filter((name) => /^\d{16}\.log$/.test(name))
    .toSorted()
    .map((name) => path.join(folder, name));
};

const openOlder = async (file: string): Promise<Segment> => {
  const indexed = await openClosedSegment(file);
  if (indexed) return indexed;
  const { segment, validBytes } = await scanSegment(file, false);
  await segment.index.save(`${file}.idx`, validBytes);
  return segment;
};

/** The last file may have been created and not written to: it has no whole header then, and is made again. */
const hasHeader = async (file: string): Promise<boolean> => {
  const handle = await openActive(file);
  const header = Buffer.alloc(segmentHeaderBytes);
  const { bytesRead } = await handle.read(header, 0, segmentHeaderBytes, 0);
  await handle.close();
  return bytesRead === segmentHeaderBytes && (decodeSegmentHeader(header) !== undefined || header.some((byte) => byte !== 0));
};

const checkContinuity = (segments: readonly Segment[]): void => {
  for (let i = 1; i < segments.length; i++) {
    const [before, after] = [segments[i - 1] as Segment, segments[i] as Segment];
    if (before.endOffset !== after.firstOffset) {
      throw new OperationalError(
        'unavailable',
        `the journal has a gap: ${path.basename(before.file)} ends at ${before.endOffset}, the next begins at ${after.firstOffset}`,
      );
    }
  }
};

/** Opens the journal of a folder: reads it through, cuts what a crash left half written, refuses damage in the middle. */
export const openJournal = async (options: JournalOptions): Promise<EventLog> => {
  const limits = { ...journalLimits, ...options.limits };
  await mkdir(options.folder, { recursive: true });
  const files = await listFiles(options.folder);
  const segments: Segment[] = [];
  for (const file of files.slice(0, -1)) segments.push(await openOlder(file));
  const last = files.at(-1);
  let handle = last && (await hasHeader(last)) ? await openActive(last) : undefined;
  if (last && handle) {
    const { segment, validBytes, fileBytes } = await scanSegment(last, true);
    if (validBytes < fileBytes) {
      options.logger.warn('cut a write that a crash had interrupted', {
        file: path.basename(last),
        bytes: fileBytes - validBytes,
      });
      await handle.truncate(validBytes);
      await handle.datasync();
    }
    segments.push(segment);
  } else {
    const created = await createSegment(options.folder, segments.at(-1)?.endOffset ?? 0);
    segments.push(created.segment);
    handle = created.handle;
  }
  checkContinuity(segments);
  const journal = new Journal(options, limits, segments, handle, await ConsumerOffsets.open(options.folder));
  await journal.startDiskChecks();
  return journal;
};

import { open } from 'node:fs/promises';
import { groupHeaderBytes, readGroupHeader } from './format.ts';
import { filePosition, type Segment } from './segment.ts';

/**
 * Start of the group in which an offset lies. Read models begin where a group begins, which one look confirms; for any other
 * offset the group headers are walked through from the start of the segment.
 */
export const findGroup = async (segment: Segment, offset: number): Promise<number> => {
  if (offset <= segment.firstOffset) return segment.firstOffset;
  if (offset >= segment.endOffset) return segment.endOffset;
  const handle = await open(segment.file, 'r');
  try {
    const header = Buffer.alloc(groupHeaderBytes);
    const recordBytesAt = async (start: number): Promise<number | undefined> => {
      await handle.read(header, 0, groupHeaderBytes, filePosition(segment, start));
      return readGroupHeader(header, 0, start);
    };
    if ((await recordBytesAt(offset)) !== undefined) return offset;
    for (let start = segment.firstOffset; start < segment.endOffset; ) {
      const recordBytes = await recordBytesAt(start);
      const next = start + groupHeaderBytes + (recordBytes ?? Number.POSITIVE_INFINITY);
      if (next > offset) return start;
      start = next;
    }
    return segment.endOffset;
  } finally {
    await handle.close();
  }
};

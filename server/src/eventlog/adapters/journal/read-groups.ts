import { open } from 'node:fs/promises';
import type { RecordBatch } from '../../../events/index.ts';
import { OperationalError } from '../../../kernel/index.ts';
import { checkRecord, frameBytes, groupHeaderBytes, readGroupHeader } from './format.ts';
import { readUpTo } from './files.ts';
import { filePosition, type Segment } from './segment.ts';

const damaged = (segment: Segment, offset: number): OperationalError =>
  new OperationalError(
    'unavailable',
    `the journal cannot be read at offset ${offset} (${segment.file}): it was changed or damaged after it was written`,
  );

/**
 * Reads whole groups from `fromOffset` (where a group begins) up to about `readBytes`, at least one. Every record is checked again.
 */
export const readGroups = async (segment: Segment, fromOffset: number, readBytes: number): Promise<RecordBatch> => {
  const handle = await open(segment.file, 'r');
  try {
    let wanted = Math.min(readBytes, segment.endOffset - fromOffset);
    for (;;) {
      const bytes = await readUpTo(handle, wanted, filePosition(segment, fromOffset));
      const batch = parseGroups(segment, bytes, fromOffset);
      if (batch.nextOffset > fromOffset) return batch;
      const recordBytes = readGroupHeader(bytes, 0, fromOffset);
      if (recordBytes === undefined || recordBytes + groupHeaderBytes <= wanted) throw damaged(segment, fromOffset);
      wanted = recordBytes + groupHeaderBytes;
    }
  } finally {
    await handle.close();
  }
};

const parseGroups = (segment: Segment, bytes: Buffer, fromOffset: number): RecordBatch => {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  while (at + groupHeaderBytes <= bytes.length) {
    const recordBytes = readGroupHeader(bytes, at, fromOffset + at);
    if (recordBytes === undefined) throw damaged(segment, fromOffset + at);
    const end = at + groupHeaderBytes + recordBytes;
    if (end > bytes.length) break;
    for (let record = at + groupHeaderBytes; record < end; ) {
      const length = checkRecord(bytes, record, end);
      if (length === undefined) throw damaged(segment, fromOffset + record);
      starts.push(record + frameBytes);
      ends.push(record + frameBytes + length);
      record += frameBytes + length;
    }
    at = end;
  }
  return {
    partition: 0,
    count: starts.length,
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
    offsets: Float64Array.from(starts, (start) => fromOffset + start - frameBytes),
    nextOffset: fromOffset + at,
  };
};

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { segmentHeaderBytes } from './format.ts';

/** A file of the journal and how much of it holds the log up to an offset; undefined: all of it. */
export interface JournalExtent {
  readonly name: string;
  readonly bytes?: number;
}

const segmentPattern = /^(\d{16})\.log(\.lost)?$/;

/**
 * Files that hold the journal up to an offset, which is the end of a group, while others go on writing behind it. Undefined: all files, of a
 * journal that nobody writes.
 */
export const journalExtents = async (folder: string, endOffset: number | undefined): Promise<JournalExtent[]> => {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.new')).sort();
  if (endOffset === undefined) return names.map((name) => ({ name }));
  const extents: JournalExtent[] = [];
  for (const name of names) {
    const segment = segmentPattern.exec(name);
    if (!segment) {
      if (!name.endsWith('.idx')) extents.push({ name });
      continue;
    }
    const firstOffset = Number(segment[1]);
    if (firstOffset >= endOffset && firstOffset > 0) continue;
    if (segment[2] !== undefined) {
      extents.push({ name });
      continue;
    }
    const wanted = segmentHeaderBytes + endOffset - firstOffset;
    const { size } = await stat(path.join(folder, name));
    extents.push({ name, bytes: Math.min(size, wanted) });
    // An index is that of a whole segment: of the one that is cut it would not fit.
    if (size <= wanted && names.includes(`${name}.idx`)) extents.push({ name: `${name}.idx` });
  }
  return extents;
};

/** Notes that the copy ends at this offset and is whole up to there. */
export const journalNotes = (endOffset: number): ReadonlyMap<string, string> =>
  new Map([['durable-end.json', `${JSON.stringify({ endOffset })}\n`]]);

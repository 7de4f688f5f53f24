import { ByteWriter } from '../events/index.ts';
import { packedBytes, writeBits } from './bit-packing.ts';
import type { ByteArena } from './byte-arena.ts';
import { chunkFlags, chunkVersion, valueHead } from './chunk-format.ts';
import { writeIntegers, writeIntegersTwice } from './integer-column.ts';
import { writeMarks } from './marks.ts';
import { writeRollups } from './minute-rollups.ts';
import type { RowTable, TableColumn } from './row-table.ts';
import { writeWords } from './words.ts';

const out = new ByteWriter(64 * 1024);
const reserved = new ByteWriter(4096);
let scratch = new Float64Array(1024);

const roomFor = (count: number): Float64Array => {
  if (scratch.length < count) scratch = new Float64Array(count * 2);
  return scratch;
};

/** A flush is quick; a chunk that is kept for years is written as short as can be, and with its roll-ups. */
export type ChunkKind = 'flushed' | 'merged';

const countPresent = (column: TableColumn, from: number, count: number): number => {
  let present = 0;
  for (let i = 0; i < count; i++) present += column.present[from + i] as number;
  return present;
};

const anyMarked = (marks: Uint8Array, from: number, count: number): boolean => {
  for (let i = 0; i < count; i++) if (marks[from + i] === 1) return true;
  return false;
};

const anyMoved = (table: RowTable, from: number, count: number): boolean => {
  for (let i = from; i < from + count; i++) if (table.originals[i] !== table.times[i]) return true;
  return false;
};

const writeTimes = (table: RowTable, from: number, count: number, kind: ChunkKind): void => {
  if (count < 2) return;
  const steps = roomFor(count);
  for (let i = 1; i < count; i++) steps[i - 1] = (table.times[from + i] as number) - (table.times[from + i - 1] as number);
  writeIntegers(out, 0, steps, 0, count - 1, kind === 'merged' ? 'kept' : 'quick');
};

const writeOriginals = (table: RowTable, from: number, count: number): void => {
  const shifts = roomFor(count);
  for (let i = 0; i < count; i++) shifts[i] = (table.originals[from + i] as number) - (table.times[from + i] as number);
  writeIntegers(out, 0, shifts, 0, count);
  writeIntegers(out, 0, table.arrivals, from, count);
};

const writeSignals = (columns: readonly TableColumn[]): void => {
  const gaps = roomFor(columns.length);
  let gapMax = 0;
  for (let i = 1; i < columns.length; i++) {
    const gap = (columns[i] as TableColumn).signalNumber - (columns[i - 1] as TableColumn).signalNumber;
    gaps[i - 1] = gap;
    if (gap > gapMax) gapMax = gap;
  }
  const width = gapMax === 0 ? 0 : Math.floor(Math.log2(gapMax)) + 1;
  out.varint((columns[0] as TableColumn).signalNumber);
  out.varint(width);
  if (packedBytes(columns.length - 1, width) > 0) writeBits(out, gaps, columns.length - 1, width);
};

/** Indices of the words that occur in these rows, and those words: a table may hold more months than a chunk. */
const wordsInUse = (column: TableColumn, indices: Float64Array, count: number): string[] => {
  const renamed = new Map<number, number>();
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const index = indices[i] as number;
    let name = renamed.get(index);
    if (name === undefined) {
      name = words.push(column.words[index] as string) - 1;
      renamed.set(index, name);
    }
    indices[i] = name;
  }
  return words;
};

/** The head byte stands before words and marks, and its form is known last: it is written as a byte of the integers and moved. */
const writeColumn = (column: TableColumn, from: number, count: number, present: number, kind: ChunkKind): void => {
  const values = roomFor(count);
  let filled = 0;
  for (let i = from; i < from + count; i++) if (column.present[i] === 1) values[filled++] = column.values[i] as number;
  const headAt = out.at;
  out.byte(0);
  if (column.isText) writeWords(out, wordsInUse(column, values, filled));
  if (present < count) writeMarks(out, column.present, from, count);
  const formAt = out.at;
  if (kind === 'merged' && !column.isText) writeIntegersTwice(out, 0, values, 0, filled);
  else writeIntegers(out, 0, values, 0, filled);
  out.bytes[headAt] =
    (out.bytes[formAt] as number) | (present < count ? valueHead.hasMarks : 0) | (column.isText ? valueHead.isText : 0);
  out.bytes.copyWithin(formAt, formAt + 1, out.at);
  out.at--;
};

/** Encodes rows `from` … `from + count` of a finished table (count ≥ 1). The answer is a copy, in the arena where one is given. */
export const encodeChunk = (
  table: RowTable,
  from: number,
  count: number,
  kind: ChunkKind = 'flushed',
  arena?: ByteArena,
): Uint8Array => {
  out.at = 0;
  const hasOriginals = table.hasOriginals && anyMoved(table, from, count);
  const hasHeartbeats = table.hasHeartbeats && anyMarked(table.heartbeats, from, count);
  out.byte(chunkVersion);
  // Which of the samples that were moved count is known only when all of a query are together: no roll-ups of those.
  reserved.at = 0;
  const hasRollups = kind === 'merged' && !hasOriginals && writeRollups(reserved, table, from, count);
  out.byte(
    (hasRollups ? chunkFlags.reserved : 0) |
      (hasOriginals ? chunkFlags.originals : 0) |
      (hasHeartbeats ? chunkFlags.heartbeats : 0),
  );
  if (hasRollups) {
    out.varint(reserved.at);
    out.append(reserved.bytes.subarray(0, reserved.at));
  }
  out.varint(count);
  const fromMs = table.times[from] as number;
  out.varint(fromMs);
  out.varint((table.times[from + count - 1] as number) - fromMs);
  writeTimes(table, from, count, kind);
  writeIntegers(out, 0, table.devices, from, count);
  if (hasOriginals) writeOriginals(table, from, count);
  if (hasHeartbeats) writeMarks(out, table.heartbeats, from, count);
  const presents = table.columns.map((column) => countPresent(column, from, count));
  const columns = table.columns.filter((_, i) => presents[i] !== 0);
  out.varint(columns.length);
  if (columns.length > 0) writeSignals(columns);
  for (let i = 0; i < table.columns.length; i++) {
    if (presents[i] !== 0) writeColumn(table.columns[i] as TableColumn, from, count, presents[i] as number, kind);
  }
  return arena ? arena.keep(out.bytes.subarray(0, out.at)) : out.toBytes();
};

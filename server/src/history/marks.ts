import { type ByteReader, type ByteWriter, FormatError } from '../events/index.ts';

/**
 * Which of `count` rows are marked: a bitmap, or the lengths of runs, whichever is shorter.
 *
 *     marks  = varint n · bytes
 *     n even:  a bitmap of n / 2 = ceil(count / 8) bytes, bit i mod 8 of byte i / 8 is row i
 *     n odd:   (n − 1) / 2 runs as varints, in turn unmarked and marked, beginning with unmarked; together `count` rows
 */
export const writeMarks = (out: ByteWriter, marks: Uint8Array, from: number, count: number): void => {
  const bitmapBytes = (count + 7) >> 3;
  const runs: number[] = [];
  let current = 0;
  let length = 0;
  for (let i = 0; i < count && runs.length < bitmapBytes; i++) {
    if (marks[from + i] === current) length++;
    else {
      runs.push(length);
      current ^= 1;
      length = 1;
    }
  }
  runs.push(length);
  const runBytes = runs.reduce((sum, run) => sum + (run < 128 ? 1 : run < 16_384 ? 2 : 3), 0);
  if (runBytes < bitmapBytes) {
    out.varint(runs.length * 2 + 1);
    for (const run of runs) out.varint(run);
    return;
  }
  out.varint(bitmapBytes * 2);
  out.reserve(bitmapBytes);
  out.bytes.fill(0, out.at, out.at + bitmapBytes);
  for (let i = 0; i < count; i++) {
    if (marks[from + i] === 1) out.bytes[out.at + (i >> 3)] = (out.bytes[out.at + (i >> 3)] as number) | (1 << (i & 7));
  }
  out.at += bitmapBytes;
};

const readRuns = (input: ByteReader, runs: number, into: Uint8Array, count: number): number => {
  let row = 0;
  let marked = 0;
  for (let run = 0; run < runs; run++) {
    const length = input.varint();
    if (length > count - row) throw new FormatError(`runs of marks are longer than ${count} rows`);
    into.fill(run & 1, row, row + length);
    if ((run & 1) === 1) marked += length;
    row += length;
  }
  if (row !== count) throw new FormatError(`runs of marks cover ${row} of ${count} rows`);
  return marked;
};

/** Fills `into` with 0 and 1; answers how many are marked. */
export const readMarks = (input: ByteReader, into: Uint8Array, count: number): number => {
  const head = input.varint();
  if (head % 2 === 1) return readRuns(input, (head - 1) / 2, into, count);
  if (head !== ((count + 7) >> 3) * 2) throw new FormatError(`a bitmap of ${count} rows has ${head / 2} bytes`);
  const from = input.take(head / 2);
  let marked = 0;
  for (let i = 0; i < count; i++) {
    const bit = ((input.bytes[from + (i >> 3)] as number) >> (i & 7)) & 1;
    into[i] = bit;
    marked += bit;
  }
  return marked;
};

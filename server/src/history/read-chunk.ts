import { ByteReader, FormatError } from '../events/index.ts';
import { chunkFlags, chunkFlagsKnown, chunkVersion, chunkVersionOldest, valueHead } from './chunk-format.ts';
import { formMask, readIntegers, skipIntegers } from './integer-column.ts';
import { chunkBytesMax, rowsPerChunkMax } from './limits.ts';
import { SignalList } from './signal-list.ts';
import { readMarks } from './marks.ts';
import { readWords, skipWords } from './words.ts';

const timeMsMax = 9_000_000_000_000;

/** What stands at the start of a chunk. */
export interface ChunkHeader {
  readonly rows: number;
  readonly fromMs: number;
  /** Newest sample time, inclusive. */
  readonly toMs: number;
}

const readHeader = (input: ByteReader): ChunkHeader & { readonly flags: number } => {
  if (input.end > chunkBytesMax) throw new FormatError(`a chunk has ${input.end} bytes, expected at most ${chunkBytesMax}`);
  const version = input.byte();
  if (version < chunkVersionOldest || version > chunkVersion)
    throw new FormatError(`chunk has version ${version}, expected ${chunkVersionOldest} to ${chunkVersion}`);
  const flags = input.byte();
  if (flags > chunkFlagsKnown) throw new FormatError(`chunk flags ${flags} are unknown`);
  if ((flags & chunkFlags.reserved) !== 0) input.take(input.varint());
  const rows = input.varint();
  if (rows < 1 || rows > rowsPerChunkMax) throw new FormatError(`chunk has ${rows} rows, expected 1 to ${rowsPerChunkMax}`);
  const fromMs = input.varint();
  const toMs = fromMs + input.varint();
  if (toMs > timeMsMax) throw new FormatError(`chunk ends at ${toMs}, expected at most ${timeMsMax}`);
  return { rows, fromMs, toMs, flags };
};

/** Rows and times of a chunk without decoding a column. */
export const readChunkHeader = (bytes: Uint8Array): ChunkHeader => {
  const { rows, fromMs, toMs } = readHeader(new ByteReader(bytes));
  return { rows, fromMs, toMs };
};

/** The reserved section of a chunk; undefined: it has none. */
export const reservedSection = (bytes: Uint8Array): Uint8Array | undefined => {
  if (((bytes[1] ?? 0) & chunkFlags.reserved) === 0) return undefined;
  const input = new ByteReader(bytes);
  input.take(2);
  const length = input.varint();
  const from = input.take(length);
  return bytes.subarray(from, from + length);
};

/**
 * How many bytes stand before the columns of a chunk with a reserved section: enough for `readChunkHeader`, `reservedSection` and
 * `chunkHasMoved`. 0: it has none.
 */
export const startLength = (bytes: Uint8Array): number => {
  if (((bytes[1] ?? 0) & chunkFlags.reserved) === 0) return 0;
  const input = new ByteReader(bytes);
  readHeader(input);
  return input.at;
};

/** Whether a chunk has samples that were moved, and so original times. */
export const chunkHasMoved = (bytes: Uint8Array): boolean => ((bytes[1] ?? 0) & chunkFlags.originals) !== 0;

/** Values of one column by row. Arrays are the reader's own until its next column: copy what is kept. */
export interface ChunkColumn {
  readonly signalNumber: number;
  /** Numbers, or indices into `words`; only where `present` is 1. */
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Undefined: numbers. */
  readonly words: readonly string[] | undefined;
}

/** Reads chunks column by column; reused. Throws `FormatError` on anything the format does not allow. */
export class ChunkReader {
  rows = 0;
  fromMs = 0;
  toMs = 0;
  times = new Float64Array(0);
  devices = new Float64Array(0);
  originals = new Float64Array(0);
  /** Filled where `hasOriginals`. */
  arrivals = new Float64Array(0);
  hasOriginals = false;
  heartbeats = new Uint8Array(0);
  hasHeartbeats = false;
  /** Signal number of each column. */
  readonly #signals = new SignalList();
  #input = new ByteReader(new Uint8Array(0));
  #columnsAt = 0;
  #values = new Float64Array(0);
  #present = new Uint8Array(0);
  #capacity = 0;

  /** Reads everything before the value columns. */
  open(bytes: Uint8Array): void {
    const input = this.#input;
    input.reset(bytes, 0, bytes.length);
    const { rows, fromMs, toMs, flags } = readHeader(input);
    this.rows = rows;
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.#reserve(rows);
    this.#readTimes();
    readIntegers(input, this.#form(), this.devices, rows);
    this.hasOriginals = (flags & chunkFlags.originals) !== 0;
    if (this.hasOriginals) this.#readOriginals();
    this.hasHeartbeats = (flags & chunkFlags.heartbeats) !== 0;
    if (this.hasHeartbeats) readMarks(input, this.heartbeats, rows);
    this.#signals.read(input);
    this.#columnsAt = input.at;
  }

  /** Passes the columns that are wanted to `take`, in order; the others are passed over without being decoded. */
  readColumns(isWanted: (signalNumber: number) => boolean, take: (column: ChunkColumn) => void): void {
    const input = this.#input;
    input.at = this.#columnsAt;
    for (let i = 0; i < this.#signals.count; i++) {
      const signalNumber = this.#signals.numbers[i] as number;
      if (isWanted(signalNumber)) take(this.#readColumn(signalNumber));
      else this.#skipColumn();
    }
    if (input.at !== input.end) throw new FormatError(`${input.end - input.at} bytes follow the chunk`);
  }

  #form(): number {
    const head = this.#input.byte();
    if (head > formMask) throw new FormatError(`column head ${head} is unknown`);
    return head;
  }

  #reserve(rows: number): void {
    if (rows + 1 <= this.#capacity) return;
    this.#capacity = Math.max(1024, rows * 2);
    this.times = new Float64Array(this.#capacity);
    this.devices = new Float64Array(this.#capacity);
    this.originals = new Float64Array(this.#capacity);
    this.arrivals = new Float64Array(this.#capacity);
    this.heartbeats = new Uint8Array(this.#capacity);
    this.#values = new Float64Array(this.#capacity);
    this.#present = new Uint8Array(this.#capacity);
  }

  #readTimes(): void {
    const { times, rows } = this;
    if (rows > 1) {
      readIntegers(this.#input, this.#form(), times, rows - 1);
      times.copyWithin(1, 0, rows - 1);
    }
    let time = this.fromMs;
    times[0] = time;
    for (let i = 1; i < rows; i++) {
      const step = times[i] as number;
      if (!(step >= 0)) throw new FormatError(`row ${i} is ${-step} ms before the one ahead of it`);
      time += step;
      times[i] = time;
    }
    if (time !== this.toMs) throw new FormatError(`chunk says it ends at ${this.toMs}, its last row is at ${time}`);
  }

  #readOriginals(): void {
    readIntegers(this.#input, this.#form(), this.originals, this.rows);
    for (let i = 0; i < this.rows; i++) this.originals[i] = (this.originals[i] as number) + (this.times[i] as number);
    readIntegers(this.#input, this.#form(), this.arrivals, this.rows);
  }

  #readColumn(signalNumber: number): ChunkColumn {
    const input = this.#input;
    const head = input.byte();
    const words = (head & valueHead.isText) !== 0 ? readWords(input, this.rows) : undefined;
    const hasMarks = (head & valueHead.hasMarks) !== 0;
    const filled = hasMarks ? readMarks(input, this.#present, this.rows) : this.rows;
    if (filled === 0) throw new FormatError(`column of signal ${signalNumber} has no value`);
    readIntegers(input, head & formMask, this.#values, filled);
    if (words) checkIndices(this.#values, filled, words.length);
    if (hasMarks) spread(this.#values, this.#present, filled, this.rows);
    else this.#present.fill(1, 0, this.rows);
    return { signalNumber, values: this.#values, present: this.#present, words };
  }

  #skipColumn(): void {
    const input = this.#input;
    const head = input.byte();
    if ((head & valueHead.isText) !== 0) skipWords(input);
    const filled = (head & valueHead.hasMarks) !== 0 ? readMarks(input, this.#present, this.rows) : this.rows;
    if (filled === 0) throw new FormatError('a column has no value');
    skipIntegers(input, head & formMask, filled);
  }
}

const checkIndices = (indices: Float64Array, count: number, words: number): void => {
  for (let i = 0; i < count; i++) {
    const index = indices[i] as number;
    if (!(index >= 0 && index < words)) throw new FormatError(`a text column names word ${index} of ${words}`);
  }
};

/** Moves `filled` values from the front to their rows, from the back so that none is overwritten. */
const spread = (values: Float64Array, present: Uint8Array, filled: number, rows: number): void => {
  let from = filled - 1;
  for (let i = rows - 1; i >= 0 && from < i; i--) if (present[i] === 1) values[i] = values[from--] as number;
};

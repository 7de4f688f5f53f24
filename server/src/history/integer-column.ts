import { type ByteReader, ByteReader as Reader, type ByteWriter, ByteWriter as Writer, FormatError } from '../events/index.ts';
import {
  codesPerStone,
  findStone,
  makeStones,
  quickRiceSize,
  readRice,
  riceCodeEnd,
  type RiceSize,
  riceSize,
  type Stone,
  writeRice,
} from './rice-codes.ts';
import { readSparse, type SparseSize, sparseSize, writeSparse } from './sparse-codes.ts';
import { exactDifferenceMax, smoothDifferences } from './smooth-differences.ts';
import { compress, inflate } from './zstd-frame.ts';
import { type Differences, divideCodes, fillCodes, varintLength } from './difference-codes.ts';
import { bitsMax, packedBytes, readBits, writeBits } from './bit-packing.ts';

/**
 * How `count` whole numbers are written: the low six bits of a column's head byte.
 *
 *     0        all equal: zigzag first
 *     1 … 24   zigzag first · (count − 1) differences, zigzag coded, in that many bits each
 *     32       zigzag first · varint length · differences as zigzag varints
 *     33       zigzag first · varint length · varint inflated length · the same, as one zstd frame
 *     34       varint length · f64 each (some number is so large that a difference would not be exact)
 *     35       varint length · varint inflated length · the same, as one zstd frame
 *     41 … 63  as 2 … 24 (the form less 39), but the differences are divided by 10: the divisor that is met most
 *     36       zigzag first · u8 form · the (count − 1) differences in that form, which takes differences again: a way driven at an
 *              even speed. From version 2 on, once in a column
 *     37       zigzag first · varint length · rice codes of the differences, see rice-codes.ts. From version 2 on
 *     38       zigzag first · varint length · sparse codes of the differences, see sparse-codes.ts. From version 3 on
 *     39       zigzag first · varint length · stones · rice codes of the differences: those of a long column. From version 3 on
 *     40       varint divisor (≥ 2) · u8 form (1 … 24, 32, 33 or 37 … 39) · that form, its differences divided by the divisor: a device that
 *              sends fewer digits than are stored
 */
export const columnForms = {
  constant: 0,
  varint: 32,
  varintZstd: 33,
  float64: 34,
  float64Zstd: 35,
  twice: 36,
  rice: 37,
  sparse: 38,
  riceWithStones: 39,
  scaled: 40,
  tenths: 41,
} as const;
export const formMask = 0b11_1111;

/** Below, a zstd frame costs more than it saves. */
const compressBytesMin = 48;
/** A frame must be this much shorter: inflating one costs 15 µs, as much as reading a thousand packed numbers. */
const compressedShareMax = 0.875;
/** … and so many bytes shorter than rice or sparse codes, which are read in a fifth of the time: a tenth of a byte a row of a full chunk. */
const frameSavesMin = 100;
const scratchOut = new Writer(64 * 1024);
/** From a form of `tenths` to the bits of a difference. */
export const tenthsShift = 39;

/** What a divisor costs: its form, itself. It must save more. */
const savesMoreThanItCosts = (divisor: number, count: number): boolean =>
  divisor > 1 && (count * Math.log2(divisor)) / 8 > 1 + varintLength(divisor);

/** Writes bytes with their length, compressed when that is shorter than `bytesMax`; answers whether something was written, and how. */
const tryCompressed = (bytes: Uint8Array, bytesMax: number): Uint8Array | undefined => {
  if (bytes.length < compressBytesMin) return undefined;
  const packed = compress(bytes);
  return packed.length + 4 < bytesMax * compressedShareMax ? packed : undefined;
};

const writePart = (out: ByteWriter, raw: Uint8Array, packed: Uint8Array | undefined): void => {
  out.varint(packed ? packed.length : raw.length);
  if (packed) out.varint(raw.length);
  out.append(packed ?? raw);
};

const writeFloats = (out: ByteWriter, head: number, values: Float64Array, from: number, count: number): void => {
  scratchOut.at = 0;
  scratchOut.reserve(count * 8);
  for (let i = 0; i < count; i++) scratchOut.view.setFloat64(i * 8, values[from + i] as number, true);
  const raw = scratchOut.bytes.subarray(0, count * 8);
  const packed = tryCompressed(raw, raw.length);
  out.byte(head | (packed ? columnForms.float64Zstd : columnForms.float64));
  writePart(out, raw, packed);
};

const varints = (codes: Float64Array, count: number): Uint8Array => {
  scratchOut.at = 0;
  for (let i = 0; i < count; i++) scratchOut.varint(codes[i] as number);
  return scratchOut.bytes.subarray(0, scratchOut.at);
};

/** A flush takes what is quickly made; what is kept is tried in more forms, as is the second of a column of differences of differences. */
export type Effort = 'quick' | 'kept' | 'second';

/** Like `writeIntegers` of what is kept, with differences of differences where they are shorter. */
export const writeIntegersTwice = (out: ByteWriter, head: number, values: Float64Array, from: number, count: number): void => {
  const first = values[from] as number;
  const differences = Math.abs(first) <= exactDifferenceMax ? smoothDifferences(values, from, count) : undefined;
  if (!differences) return writeIntegers(out, head, values, from, count, 'kept');
  out.byte(head | columnForms.twice);
  out.zigzag(first);
  writeIntegers(out, 0, differences, 0, count - 1, 'second');
};

/** A column of differences: the upper bits of its head, its first number, what its differences were divided by already. */
interface Start {
  readonly out: ByteWriter;
  readonly head: number;
  readonly first: number;
  /** 10: no form says so yet. */
  readonly tenths: 1 | 10;
  readonly effort: Effort;
}

/** Writes the head byte (`head` holds its upper two bits) and `count` ≥ 1 numbers in the shortest form that is tried. */
export const writeIntegers = (
  out: ByteWriter,
  head: number,
  values: Float64Array,
  from: number,
  count: number,
  effort: Effort = 'quick',
): void => {
  const all = fillCodes(values, from, count);
  if (all.codeMax < 0) return writeFloats(out, head, values, from, count);
  const start: Start = { out, head, first: values[from] as number, tenths: 1, effort };
  const isScaledWorth = savesMoreThanItCosts(all.divisor, count - 1);
  if (all.divisor > 0 && all.divisor % 10 === 0 && !(all.divisor >= 100 && isScaledWorth))
    return writeDifferences({ ...start, tenths: 10 }, divideCodes(count - 1, 10), count - 1);
  if (!isScaledWorth) return writeDifferences(start, all, count - 1);
  writeDivisor(out, head, all.divisor);
  writeDifferences({ ...start, head: 0 }, divideCodes(count - 1, all.divisor), count - 1);
};

const writeDifferences = (start: Start, { codes, codeMax, varintBytes }: Differences, count: number): void => {
  const { out, head, first, tenths, effort } = start;
  const bits = codeMax === 0 ? 0 : Math.floor(Math.log2(codeMax)) + 1;
  const bitBytes = bits <= bitsMax ? packedBytes(count, bits) : Number.POSITIVE_INFINITY;
  const shortest = Math.min(bitBytes, varintBytes + 1);
  if (effort === 'quick' && shortest >= compressBytesMin && codeMax < riceCodeEnd) {
    const rice = quickRiceSize(codes, count);
    if (rice.bytes + 2 < shortest * compressedShareMax) return writeRiceForm(start, codes, count, rice);
  }
  // A flush does not wait for zstd: a frame takes 15 µs to make, however short it is.
  const raw = effort !== 'quick' && shortest >= compressBytesMin ? varints(codes, count) : undefined;
  const packed = raw && tryCompressed(raw, shortest);
  if (effort !== 'quick' && codeMax > 0 && codeMax < riceCodeEnd) {
    const bytesMax = Math.min(shortest, packed ? packed.length + 2 + frameSavesMin : shortest);
    const rice = riceSize(codes, count);
    const sparse = sparseSize(codes, count);
    if (sparse && sparse.bytes < rice.bytes && sparse.bytes + 2 < bytesMax) return writeSparseForm(start, codes, count, sparse);
    if (rice.bytes + 2 < bytesMax) return writeRiceForm(start, codes, count, rice);
  }
  if (packed || bitBytes > varintBytes) {
    if (tenths === 10) writeDivisor(out, head, 10);
    out.byte((tenths === 10 ? 0 : head) | (packed ? columnForms.varintZstd : columnForms.varint));
    out.zigzag(first);
    return writePart(out, raw ?? varints(codes, count), packed);
  }
  // One bit has no form of its own with tenths: two are written.
  const width = tenths === 10 ? Math.max(2, bits) : bits;
  out.byte(head | (tenths === 10 ? width + tenthsShift : width));
  out.zigzag(first);
  if (width > 0) writeBits(out, codes, count, width);
};

/** Head of a form with a length that has no variant for tenths. */
const writeHead = ({ out, head, first, tenths }: Start, form: number, bytes: number): void => {
  if (tenths === 10) writeDivisor(out, head, 10);
  out.byte((tenths === 10 ? 0 : head) | form);
  out.zigzag(first);
  out.varint(bytes);
};

const writeRiceForm = (start: Start, codes: Float64Array, count: number, { k, bytes }: RiceSize): void => {
  const { out, effort } = start;
  const hasStones = effort !== 'quick' && count > codesPerStone;
  const stones = hasStones ? makeStones(codes, count, k, effort === 'second') : [];
  const stonesBytes = stones.reduce((sum, part) => sum + part.length, 0);
  writeHead(start, hasStones ? columnForms.riceWithStones : columnForms.rice, bytes + stonesBytes);
  for (const part of stones) out.append(part);
  writeRice(out, codes, count, k);
};

const writeSparseForm = (start: Start, codes: Float64Array, count: number, size: SparseSize): void => {
  writeHead(start, columnForms.sparse, size.bytes);
  writeSparse(start.out, codes, count, size);
};

const writeDivisor = (out: ByteWriter, head: number, divisor: number): void => {
  out.byte(head | columnForms.scaled);
  out.varint(divisor);
};

const sumUp = (into: Float64Array, first: number, count: number, divisor: number): void => {
  let value = first;
  for (let i = 0; i < count; i++) {
    const code = into[i + 1] as number;
    into[i] = value;
    const difference = code < 0x8000_0000 ? (code >>> 1) ^ -(code & 1) : code % 2 === 0 ? code / 2 : -(code + 1) / 2;
    value += difference * divisor;
  }
};

const partReader = new Reader(new Uint8Array(0));

/** The bytes of a part that may be compressed, as a reader of their own. */
const openPart = (input: ByteReader, isCompressed: boolean): ByteReader => {
  const length = input.varint();
  const inflated = isCompressed ? input.varint() : 0;
  const from = input.take(length);
  if (!isCompressed) partReader.reset(input.bytes, from, from + length, input.view);
  else partReader.reset(inflate(input.bytes.subarray(from, from + length), inflated), 0, inflated);
  return partReader;
};

const readFloats = (part: ByteReader, into: Float64Array, count: number): void => {
  const at = part.take(count * 8);
  for (let i = 0; i < count; i++) {
    const value = part.view.getFloat64(at + i * 8, true);
    if (!Number.isSafeInteger(value)) throw new FormatError(`a column holds ${value}, expected a whole number`);
    into[i] = value;
  }
};

/** Zigzag varints, most of which have one or two bytes. */
const readCodes = (part: ByteReader, into: Float64Array, count: number): void => {
  const { bytes, end } = part;
  let at = part.at;
  for (let i = 1; i < count; i++) {
    const low = at < end ? (bytes[at] as number) : 0x80;
    if (low < 0x80) {
      into[i] = low;
      at++;
      continue;
    }
    const high = at + 1 < end ? (bytes[at + 1] as number) : 0x80;
    if (high < 0x80) {
      into[i] = (low & 0x7f) | (high << 7);
      at += 2;
      continue;
    }
    part.at = at;
    into[i] = part.varint();
    at = part.at;
  }
  part.at = at;
};

/** Forms of differences whose length stands ahead of them. */
const lengthForms: readonly number[] = [
  columnForms.varint,
  columnForms.varintZstd,
  columnForms.rice,
  columnForms.sparse,
  columnForms.riceWithStones,
];

const readScale = (input: ByteReader): { readonly divisor: number; readonly form: number } => {
  const divisor = input.varint();
  const form = input.byte();
  const isDifferences = (form >= 1 && form <= bitsMax) || lengthForms.includes(form);
  if (divisor < 2 || !isDifferences) throw new FormatError(`a column is scaled by ${divisor} in form ${form}`);
  return { divisor, form };
};

/** Reads `count` ≥ 1 numbers; `into` has room for one more. */
export const readIntegers = (input: ByteReader, form: number, into: Float64Array, count: number): void => {
  if (form === columnForms.twice) return readTwice(input, into, count);
  if (form === columnForms.scaled) {
    const scale = readScale(input);
    return readDifferences(input, scale.form, into, count, scale.divisor);
  }
  if (form >= columnForms.tenths) return readDifferences(input, form - tenthsShift, into, count, 10);
  if (form !== columnForms.float64 && form !== columnForms.float64Zstd) return readDifferences(input, form, into, count, 1);
  const part = openPart(input, form === columnForms.float64Zstd);
  readFloats(part, into, count);
  if (part.at !== part.end) throw new FormatError('bytes follow the numbers of a column');
};

const innerForm = (input: ByteReader): number => {
  const form = input.byte();
  if (form > formMask || form === columnForms.twice) throw new FormatError(`differences of a column are in form ${form}`);
  return form;
};

const readTwice = (input: ByteReader, into: Float64Array, count: number): void => {
  if (count < 2) throw new FormatError('a column of one number has differences');
  let value = input.zigzag();
  readIntegers(input, innerForm(input), into, count - 1);
  for (let i = 0; i < count; i++) {
    const difference = into[i] as number;
    into[i] = value;
    value += difference;
  }
  checkExact(into, count);
};

/** All codes are read: where the stones lie does not matter. */
const passedStone: Stone = { index: 0, bits: 0, plain: 0, ofSums: 0, escapesLeft: 0 };

const readDifferences = (input: ByteReader, form: number, into: Float64Array, count: number, divisor: number): void => {
  const first = input.zigzag();
  if (form === columnForms.constant) return void into.fill(first, 0, count);
  if (form <= bitsMax) {
    readBits(input, into.subarray(1), count - 1, form);
  } else if (lengthForms.includes(form)) {
    const part = openPart(input, form === columnForms.varintZstd);
    if (form === columnForms.riceWithStones) findStone(part, 0, passedStone);
    if (form === columnForms.rice || form === columnForms.riceWithStones) readRice(part, into.subarray(1), count - 1);
    else if (form === columnForms.sparse) readSparse(part, into.subarray(1), count - 1);
    else readCodes(part, into, count);
    if (part.at !== part.end) throw new FormatError('bytes follow the numbers of a column');
  } else throw new FormatError(`form ${form} of a column is unknown`);
  sumUp(into, first, count, divisor);
  const isSurelyExact = form <= bitsMax && Math.abs(first) + count * 2 ** form * divisor <= Number.MAX_SAFE_INTEGER;
  if (!isSurelyExact) checkExact(into, count);
};

const checkExact = (into: Float64Array, count: number): void => {
  for (let i = 0; i < count; i++) {
    const value = into[i] as number;
    if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER)
      throw new FormatError(`a column holds ${value}, expected at most 2^53 - 1`);
  }
};

/** Passes over what `readIntegers` would read, without inflating it. */
export const skipIntegers = (input: ByteReader, head: number, count: number): void => {
  if (head === columnForms.twice) {
    input.zigzag();
    return skipIntegers(input, innerForm(input), count - 1);
  }
  const form = head === columnForms.scaled ? readScale(input).form : head >= columnForms.tenths ? head - tenthsShift : head;
  const isFloat = form === columnForms.float64 || form === columnForms.float64Zstd;
  if (!isFloat) input.varint();
  if (form === columnForms.constant) return;
  if (form <= bitsMax) {
    input.take(packedBytes(count - 1, form));
    return;
  }
  if (!isFloat && !lengthForms.includes(form)) throw new FormatError(`form ${form} of a column is unknown`);
  const length = input.varint();
  if (form === columnForms.varintZstd || form === columnForms.float64Zstd) input.varint();
  input.take(length);
};

import { type ByteReader, ByteReader as Reader, type ByteWriter, FormatError } from '../events/index.ts';
import { bitsMax, packedBytes, readBits, writeBits } from './bit-packing.ts';
import { readRice, type RiceSize, riceSize, varintBytes, writeRice } from './rice-codes.ts';

/**
 * Codes most of which are 0, as of a charge that falls slowly: only the others, and how many zeros stand ahead of each.
 *
 *     sparse = varint m (≥ 1) codes that are not 0 · varint length · rice codes of the m numbers of zeros ahead of them · u8 form · rest
 *     rest   = of the m codes less 1; form 0: varint, all are equal · 1 … 24: so many bits each · 37: their rice codes
 *     The zeros behind the last are not written.
 */
const restForms = { equal: 0, rice: 37 } as const;

export interface SparseSize {
  /** Codes that are not 0. */
  readonly others: number;
  readonly bytes: number;
  readonly gaps: RiceSize;
  /** Form of the rest, and its rice codes where it is theirs. */
  readonly form: number;
  readonly rest: RiceSize;
}

let gaps = new Float64Array(512);
let rest = new Float64Array(512);

const reserve = (count: number): void => {
  if (gaps.length >= count) return;
  gaps = new Float64Array(count * 2);
  rest = new Float64Array(count * 2);
};

/** Fills `gaps` and `rest`; answers how many codes are not 0. */
const split = (codes: Float64Array, count: number): number => {
  reserve(count);
  let others = 0;
  let zeros = 0;
  for (let i = 0; i < count; i++) {
    const code = codes[i] as number;
    if (code === 0) {
      zeros++;
      continue;
    }
    gaps[others] = zeros;
    rest[others++] = code - 1;
    zeros = 0;
  }
  return others;
};

/** How many bytes the codes would take, all below `riceCodeEnd`; undefined: fewer than half of them are 0, or all. */
export const sparseSize = (codes: Float64Array, count: number): SparseSize | undefined => {
  let zeros = 0;
  for (let i = 0; i < count; i++) if (codes[i] === 0) zeros++;
  if (zeros * 2 < count || zeros === count) return undefined;
  const others = split(codes, count);
  const gapSize = riceSize(gaps, others);
  const restRice = riceSize(rest, others);
  let least = rest[0] as number;
  let most = least;
  for (let i = 1; i < others; i++) {
    least = Math.min(least, rest[i] as number);
    most = Math.max(most, rest[i] as number);
  }
  const bits = most === 0 ? 1 : Math.floor(Math.log2(most)) + 1;
  const bitBytes = bits <= bitsMax ? packedBytes(others, bits) : Number.POSITIVE_INFINITY;
  const isRice = restRice.bytes < bitBytes;
  const restBytes = least === most ? varintBytes(most) : Math.min(restRice.bytes, bitBytes);
  return {
    others,
    bytes: varintBytes(others) + varintBytes(gapSize.bytes) + gapSize.bytes + 1 + restBytes,
    gaps: gapSize,
    form: least === most ? restForms.equal : isRice ? restForms.rice : bits,
    rest: restRice,
  };
};

/** Writes codes whose `sparseSize` was asked for. */
export const writeSparse = (out: ByteWriter, codes: Float64Array, count: number, size: SparseSize): void => {
  const others = split(codes, count);
  out.varint(others);
  out.varint(size.gaps.bytes);
  writeRice(out, gaps, others, size.gaps.k);
  out.byte(size.form);
  if (size.form === restForms.equal) out.varint(rest[0] as number);
  else if (size.form === restForms.rice) writeRice(out, rest, others, size.rest.k);
  else writeBits(out, rest, others, size.form);
};

const gapReader = new Reader(new Uint8Array(0));

/** Reads into `gaps` and `rest`, to the end of `input`; answers how many codes are not 0. */
const readParts = (input: ByteReader, count: number): number => {
  const others = input.varint();
  if (others < 1 || others > count) throw new FormatError(`a column has ${others} differences, expected 1 to ${count}`);
  reserve(others);
  const length = input.varint();
  const from = input.take(length);
  gapReader.reset(input.bytes, from, from + length, input.view);
  readRice(gapReader, gaps, others);
  if (gapReader.at !== gapReader.end) throw new FormatError('bytes follow the gaps of a column');
  const form = input.byte();
  if (form === restForms.equal) rest.fill(input.varint(), 0, others);
  else if (form === restForms.rice) readRice(input, rest, others);
  else if (form <= bitsMax) readBits(input, rest, others, form);
  else throw new FormatError(`differences of a column that are not 0 have form ${form}`);
  return others;
};

/** Reads what `writeSparse` wrote, to the end of `input`. */
export const readSparse = (input: ByteReader, into: Float64Array, count: number): void => {
  const others = readParts(input, count);
  into.fill(0, 0, count);
  let at = -1;
  for (let i = 0; i < others; i++) {
    at += (gaps[i] as number) + 1;
    if (!(at < count)) throw new FormatError(`a column has a difference ${at}, expected at most ${count - 1}`);
    into[at] = (rest[i] as number) + 1;
  }
};

/** Sum of the first `wanted` of `count` zigzag codes; reads to the end of `input`. */
export const sumSparse = (input: ByteReader, count: number, wanted: number): number => {
  const others = readParts(input, count);
  let sum = 0;
  let at = -1;
  for (let i = 0; i < others; i++) {
    at += (gaps[i] as number) + 1;
    if (at >= wanted) break;
    const lessOne = rest[i] as number;
    sum += lessOne % 2 === 0 ? -(lessOne / 2 + 1) : (lessOne + 1) / 2;
  }
  return sum;
};

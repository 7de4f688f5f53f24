import { type ByteReader, ByteReader as Reader, FormatError } from '../../events/index.ts';
import { bitsMax, packedBytes } from '../bit-packing.ts';
import { columnForms, formMask, readIntegers, tenthsShift } from '../integer-column.ts';
import { sumSparse } from '../sparse-codes.ts';
import { escapeQuotient, findStone, type Stone } from '../rice-codes.ts';
import { inflate } from '../zstd-frame.ts';

let scratch = new Float64Array(2048);
const partReader = new Reader(new Uint8Array(0));

/** Of the differences looked at last: their sum, and the sum of all sums on the way to it. */
const sums = { plain: 0, ofSums: 0 };

const decodeAll = (input: ByteReader, form: number, count: number, index: number): number => {
  if (scratch.length < count + 1) scratch = new Float64Array(count * 2);
  readIntegers(input, form, scratch, count);
  return scratch[index] as number;
};

/** Adds up the first `wanted` zigzag codes that lie packed from byte `from` to `end`. */
const sumBits = ({ bytes, view }: ByteReader, from: number, wanted: number, bits: number): void => {
  const mask = 2 ** bits - 1;
  const wideCount = Math.max(0, Math.min(wanted, Math.floor(((bytes.length - 4 - from) * 8) / bits)));
  let sum = 0;
  let ofSums = 0;
  let bit = 0;
  for (let i = 0; i < wideCount; i++, bit += bits) {
    const code = (view.getInt32(from + (bit >> 3), true) >>> (bit & 7)) & mask;
    sum += (code >>> 1) ^ -(code & 1);
    ofSums += sum;
  }
  for (let i = wideCount; i < wanted; i++, bit += bits) {
    let word = 0;
    for (let b = 3; b >= 0; b--) word = (word << 8) | (bytes[from + (bit >> 3) + b] ?? 0);
    const code = (word >>> (bit & 7)) & mask;
    sum += (code >>> 1) ^ -(code & 1);
    ofSums += sum;
  }
  sums.plain = sum;
  sums.ofSums = ofSums;
};

/** Four bytes from `at`, 0 behind the last. */
const wordAt = (bytes: Uint8Array, at: number): number => {
  let word = 0;
  for (let b = 3; b >= 0; b--) word = (word << 8) | (bytes[at + b] ?? 0);
  return word;
};

/** First bit behind the quotients of `count` codes; −1: another reader must look at them. */
const endOfQuotients = ({ bytes, view }: ByteReader, from: number, firstBit: number, count: number): number => {
  let bit = firstBit;
  for (let i = 0; i < count; i++) {
    const at = from + (bit >> 3);
    const word = (at + 4 <= bytes.length ? view.getInt32(at, true) : wordAt(bytes, at)) >> (bit & 7);
    if (word === 0) return -1;
    bit += 32 - Math.clz32(word & -word);
  }
  return bit;
};

/** Where adding up begins. */
const stone: Stone = { index: 0, bits: 0, plain: 0, ofSums: 0, escapesLeft: -1 };
const firstStone: Stone = { ...stone };

/** The same of rice codes, of which there are `count`, from `stone` on; false: another reader must do it. */
const sumRice = (input: ByteReader, from: number, end: number, count: number, wanted: number): boolean => {
  const { bytes, view } = input;
  const k = bytes[from] as number;
  if (k > bitsMax) throw new FormatError(`codes of a column have ${k} low bits, expected at most ${bitsMax}`);
  const lowFrom = from + 1;
  const highFrom = lowFrom + packedBytes(count, k);
  const mask = 2 ** k - 1;
  /** Before this byte four can be read at once. */
  const wideTo = bytes.length - 3;
  let sum = stone.plain;
  let { ofSums } = stone;
  let lowBit = stone.index * k;
  let highBit = stone.bits;
  let hasEscapes = stone.escapesLeft >= 0;
  if (hasEscapes) partReader.reset(bytes, end - stone.escapesLeft, end, view);
  for (let i = stone.index; i < wanted; i++, lowBit += k) {
    const highAt = highFrom + (highBit >> 3);
    // Signs that are shifted in lie above all quotients there are.
    const word = (highAt < wideTo ? view.getInt32(highAt, true) : wordAt(bytes, highAt)) >> (highBit & 7);
    const quotient = 31 - Math.clz32(word & -word);
    if (quotient < 0 || quotient > escapeQuotient) return false;
    highBit += quotient + 1;
    if (quotient < escapeQuotient) {
      const lowAt = lowFrom + (lowBit >> 3);
      const low = ((lowAt < wideTo ? view.getInt32(lowAt, true) : wordAt(bytes, lowAt)) >>> (lowBit & 7)) & mask;
      const code = (quotient << k) | low;
      sum += (code >>> 1) ^ -(code & 1);
    } else {
      // Whole codes lie behind all quotients.
      if (!hasEscapes) {
        const endBit = endOfQuotients(input, highFrom, highBit, count - i - 1);
        if (endBit < 0) return false;
        partReader.reset(bytes, highFrom + ((endBit + 7) >> 3), end, view);
        hasEscapes = true;
      }
      sum += partReader.zigzag();
    }
    ofSums += sum;
  }
  sums.plain = sum;
  sums.ofSums = ofSums;
  return true;
};

const sumVarints = (part: ByteReader, wanted: number): void => {
  const { bytes, end } = part;
  let sum = 0;
  let ofSums = 0;
  for (let i = 0; i < wanted; i++) {
    const low = part.at < end ? (bytes[part.at] as number) : 0x80;
    if (low < 0x80) {
      part.at++;
      sum += (low >>> 1) ^ -(low & 1);
    } else sum += part.zigzag();
    ofSums += sum;
  }
  sums.plain = sum;
  sums.ofSums = ofSums;
};

/** Adds up the first `wanted` of `count` differences in one of the plain forms; false: another reader must do it. */
const sumDifferences = (input: ByteReader, form: number, count: number, wanted: number): boolean => {
  if (form <= bitsMax) {
    sumBits(input, input.take(packedBytes(count, form)), wanted, form);
    return true;
  }
  const isZstd = form === columnForms.varintZstd;
  const isSparse = form === columnForms.sparse;
  const isRice = form === columnForms.rice || form === columnForms.riceWithStones;
  if (!isZstd && !isSparse && !isRice && form !== columnForms.varint) return false;
  const length = input.varint();
  const inflatedLength = isZstd ? input.varint() : 0;
  const from = input.take(length);
  if (isSparse) {
    partReader.reset(input.bytes, from, from + length, input.view);
    sums.plain = sumSparse(partReader, count, wanted);
    // Sums of sums are not known of it.
    sums.ofSums = Number.NaN;
    return true;
  }
  if (isRice) {
    Object.assign(stone, firstStone);
    let codesFrom = from;
    if (form === columnForms.riceWithStones) {
      partReader.reset(input.bytes, from, from + length, input.view);
      findStone(partReader, wanted, stone);
      codesFrom = partReader.at;
    }
    return sumRice(input, codesFrom, from + length, count, wanted);
  }
  if (isZstd) partReader.reset(inflate(input.bytes.subarray(from, from + length), inflatedLength), 0, inflatedLength);
  else partReader.reset(input.bytes, from, from + length, input.view);
  sumVarints(partReader, wanted);
  return true;
};

/** A column of differences, its form read: first number, what its differences were divided by, and the form of them. */
const head = { first: 0, divisor: 1, form: 0 };

const readHead = (input: ByteReader, form: number): void => {
  head.divisor = form >= columnForms.tenths ? 10 : form === columnForms.scaled ? input.varint() : 1;
  head.form = form >= columnForms.tenths ? form - tenthsShift : form === columnForms.scaled ? input.byte() & formMask : form;
  head.first = input.zigzag();
};

const isFloat = (form: number): boolean => form === columnForms.float64 || form === columnForms.float64Zstd;

/** NaN: another reader must do it. */
const sumTo = (input: ByteReader, form: number, count: number, index: number): number => {
  if (isFloat(form) || (form === columnForms.twice && count < 2)) return Number.NaN;
  if (form !== columnForms.twice) {
    readHead(input, form);
    const { first, divisor } = head;
    if (head.form === columnForms.constant) return form === columnForms.constant ? first : Number.NaN;
    return sumDifferences(input, head.form, count - 1, index) ? first + sums.plain * divisor : Number.NaN;
  }
  const start = input.zigzag();
  const inner = input.byte();
  if (inner > formMask || isFloat(inner) || inner === columnForms.twice) return Number.NaN;
  readHead(input, inner);
  const { first, divisor } = head;
  if (index === 0)
    return sumDifferences(input, head.form, count - 2, 0) || head.form === columnForms.constant ? start : Number.NaN;
  if (head.form === columnForms.constant) return inner === columnForms.constant ? start + index * first : Number.NaN;
  return sumDifferences(input, head.form, count - 2, index - 1) ? start + index * first + sums.ofSums * divisor : Number.NaN;
};

/**
 * The number at `index` of a column of `count` numbers, of which only those before it are looked at; `input` stands behind the form
 * and is moved past the column. The number that `readIntegers` finds, several times faster.
 */
export const valueAt = (input: ByteReader, form: number, count: number, index: number): number => {
  const start = input.at;
  const value = sumTo(input, form, count, index);
  if (Number.isSafeInteger(value)) return value;
  input.at = start;
  return decodeAll(input, form, count, index);
};

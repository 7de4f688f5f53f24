import { type ByteReader, type ByteWriter, ByteWriter as Writer, FormatError } from '../events/index.ts';
import { bitsMax, packedBytes, readBits, writeBits } from './bit-packing.ts';

/**
 * Codes that are mostly small, as noise is: the low k bits of each, then how many times 2^k it holds, in unary. Within a tenth of a bit
 * of the entropy where zstd, which works on bytes, is a bit or two away.
 *
 *     rice = u8 k (0 … 24) · low bits of each code, k bits each · quotients · escapes
 *     quotients = of each code: q zeros and a one, bits filled from the least significant; q is at most 19; 20 zeros and a one: the whole
 *                 code is in escapes
 *     escapes   = varints
 *
 * Before them may lie stones, from which adding up can begin:
 *
 *     stones = varint 2 · (bytes of what follows), + 1: with sums of sums · varint bytes of all escapes · stone*
 *     stone  = after each 256 codes that are followed by more: varint bits of the quotients since the stone before · varint bytes of the
 *              escapes since · zigzag sum of the differences since · [zigzag sum since of the sums after each code]
 */
export const escapeQuotient = 20;
export const codesPerStone = 256;

export interface RiceSize {
  readonly k: number;
  readonly bytes: number;
}

/** Codes that are written so are below this: their arithmetic is then that of 32-bit integers. */
export const riceCodeEnd = 2 ** 31;

/** Bytes of a varint. */
export const varintBytes = (value: number): number => (value < 128 ? 1 : Math.ceil((Math.floor(Math.log2(value)) + 1) / 7));

const sizeWith = (codes: Float64Array, count: number, k: number): number => {
  let bits = 0;
  let escapeBytes = 0;
  for (let i = 0; i < count; i++) {
    const code = (codes[i] as number) | 0;
    const quotient = code >>> k;
    if (quotient < escapeQuotient) bits += quotient + 1;
    else {
      bits += escapeQuotient + 1;
      escapeBytes += varintBytes(code);
    }
  }
  return 1 + packedBytes(count, k) + ((bits + 7) >> 3) + escapeBytes;
};

/** The k with which codes take the fewest bytes; all are below `riceCodeEnd`. */
export const riceSize = (codes: Float64Array, count: number): RiceSize => {
  let logarithms = 0;
  for (let i = 0; i < count; i++) logarithms += Math.log2((codes[i] as number) + 1);
  const middle = Math.max(0, Math.min(bitsMax, Math.round(logarithms / Math.max(1, count))));
  let best: RiceSize = { k: middle, bytes: sizeWith(codes, count, middle) };
  for (const direction of [-1, 1]) {
    for (let k = middle + direction; k >= 0 && k <= bitsMax; k += direction) {
      const bytes = sizeWith(codes, count, k);
      if (bytes >= best.bytes) break;
      best = { k, bytes };
    }
  }
  return best;
};

/** A k that is good enough, from the mean of the codes. */
export const quickRiceSize = (codes: Float64Array, count: number): RiceSize => {
  let total = 0;
  for (let i = 0; i < count; i++) total += codes[i] as number;
  const k = Math.max(0, Math.min(bitsMax, Math.floor(Math.log2(total / count + 1) - 0.3)));
  return { k, bytes: sizeWith(codes, count, k) };
};

const writeQuotients = (out: ByteWriter, codes: Float64Array, count: number, k: number): void => {
  out.reserve(((count * (escapeQuotient + 1)) >> 3) + 8);
  const { bytes } = out;
  let { at } = out;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    // At most 20 zeros and a one behind 7 bits.
    pendingBits += Math.min(escapeQuotient, ((codes[i] as number) | 0) >>> k);
    pending |= 1 << pendingBits++;
    while (pendingBits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
  if (pendingBits > 0) bytes[at++] = pending;
  out.at = at;
};

/** Writes codes that are all below `riceCodeEnd`. */
export const writeRice = (out: ByteWriter, codes: Float64Array, count: number, k: number): void => {
  out.byte(k);
  if (k > 0) writeBits(out, codes, count, k);
  writeQuotients(out, codes, count, k);
  for (let i = 0; i < count; i++) {
    const code = (codes[i] as number) | 0;
    if (code >>> k >= escapeQuotient) out.varint(code);
  }
};

const stonesOut = new Writer(256);
const stonesHead = new Writer(16);

/** Stones of codes whose differences add up without loss: with `hasSums` the sums of sums, too. The answer is used again by the next call. */
export const makeStones = (codes: Float64Array, count: number, k: number, hasSums: boolean): readonly Uint8Array[] => {
  stonesOut.at = 0;
  let escapeBytes = 0;
  const last = { bits: 0, escapeBytes: 0, sum: 0, ofSums: 0 };
  let bits = 0;
  let sum = 0;
  let ofSums = 0;
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % codesPerStone === 0) {
      stonesOut.varint(bits - last.bits);
      stonesOut.varint(escapeBytes - last.escapeBytes);
      stonesOut.zigzag(sum - last.sum);
      if (hasSums) stonesOut.zigzag(ofSums - last.ofSums);
      Object.assign(last, { bits, escapeBytes, sum, ofSums });
    }
    const code = (codes[i] as number) | 0;
    const quotient = code >>> k;
    bits += Math.min(quotient, escapeQuotient) + 1;
    if (quotient >= escapeQuotient) escapeBytes += varintBytes(code);
    sum += (code >>> 1) ^ -(code & 1);
    ofSums += sum;
  }
  stonesHead.at = 0;
  stonesHead.varint((varintBytes(escapeBytes) + stonesOut.at) * 2 + (hasSums ? 1 : 0));
  stonesHead.varint(escapeBytes);
  return [stonesHead.bytes.subarray(0, stonesHead.at), stonesOut.bytes.subarray(0, stonesOut.at)];
};

/** What is known after the first `index` codes. */
export interface Stone {
  index: number;
  bits: number;
  plain: number;
  ofSums: number;
  /** Where the next escape lies, bytes before the end; −1: it must be looked for. */
  escapesLeft: number;
}

/** Moves `input` behind the stones, and `stone` to the last one with at most `wanted` codes before it. */
export const findStone = (input: ByteReader, wanted: number, stone: Stone): void => {
  const head = input.varint();
  const end = input.at + Math.floor(head / 2);
  if (end > input.end) throw new FormatError(`stones of a column end at ${end}, expected at most ${input.end}`);
  stone.escapesLeft = input.varint();
  for (stone.index = 0; input.at < end && stone.index + codesPerStone <= wanted; stone.index += codesPerStone) {
    stone.bits += input.varint();
    stone.escapesLeft -= input.varint();
    stone.plain += input.zigzag();
    if (head % 2 === 1) stone.ofSums += input.zigzag();
  }
  input.at = end;
};

/** Four bytes from `at`, 0 after the end. */
const wordAt = (input: ByteReader, at: number): number => {
  if (at + 4 <= input.end) return input.view.getInt32(at, true);
  let word = 0;
  for (let b = 3; b >= 0; b--) word = (word << 8) | (at + b < input.end ? (input.bytes[at + b] as number) : 0);
  return word;
};

/** Adds quotient · 2^k to the low bits in `into`; −1: the code is an escape. Answers how many there are. */
const readQuotients = (input: ByteReader, into: Float64Array, count: number, scale: number): number => {
  const from = input.at;
  let bit = 0;
  let escapes = 0;
  for (let i = 0; i < count; i++) {
    const word = wordAt(input, from + (bit >> 3)) >>> (bit & 7);
    const quotient = 31 - Math.clz32(word & -word);
    if (quotient < 0 || quotient > escapeQuotient) throw new FormatError('a quotient of a column has no end');
    bit += quotient + 1;
    if (quotient < escapeQuotient) into[i] = (into[i] as number) + quotient * scale;
    else {
      into[i] = -1;
      escapes++;
    }
  }
  input.take((bit + 7) >> 3);
  return escapes;
};

/** Reads what `writeRice` wrote, to the end of `input`. */
export const readRice = (input: ByteReader, into: Float64Array, count: number): void => {
  const k = input.byte();
  if (k > bitsMax) throw new FormatError(`codes of a column have ${k} low bits, expected at most ${bitsMax}`);
  if (k > 0) readBits(input, into, count, k);
  else into.fill(0, 0, count);
  const escapes = readQuotients(input, into, count, 2 ** k);
  for (let i = 0, left = escapes; i < count && left > 0; i++) {
    if (into[i] !== -1) continue;
    into[i] = input.varint();
    left--;
  }
};

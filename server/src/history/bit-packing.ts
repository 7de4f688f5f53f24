import type { ByteReader, ByteWriter } from '../events/index.ts';

/** Widest value that is packed in bits; wider ones go as varints. Four bytes always hold one value and its shift. */
export const bitsMax = 24;

export const packedBytes = (count: number, bits: number): number => (count * bits + 7) >> 3;

/** Writes the low `bits` of `count` unsigned values, least significant bit first, without gaps. */
export const writeBits = (out: ByteWriter, values: Float64Array, count: number, bits: number): void => {
  out.reserve(packedBytes(count, bits));
  const { bytes } = out;
  let at = out.at;
  const mask = 2 ** bits - 1;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    pending |= ((values[i] as number) & mask) << pendingBits;
    pendingBits += bits;
    while (pendingBits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      pendingBits -= 8;
    }
  }
  if (pendingBits > 0) bytes[at++] = pending;
  out.at = at;
};

/** Reads what `writeBits` wrote: each value lies within four bytes, as wide values and their shift have at most 31 bits. */
export const readBits = (input: ByteReader, into: Float64Array, count: number, bits: number): void => {
  const from = input.take(packedBytes(count, bits));
  const { bytes, view } = input;
  const mask = 2 ** bits - 1;
  /** Values before this one can be read four bytes at a time without leaving the buffer. */
  const wideCount = Math.max(0, Math.min(count, Math.floor(((bytes.length - 4 - from) * 8) / bits)));
  let bit = 0;
  for (let i = 0; i < wideCount; i++, bit += bits) into[i] = (view.getInt32(from + (bit >> 3), true) >>> (bit & 7)) & mask;
  for (let i = wideCount; i < count; i++, bit += bits) {
    let value = 0;
    for (let b = 3; b >= 0; b--) value = (value << 8) | (bytes[from + (bit >> 3) + b] ?? 0);
    into[i] = (value >>> (bit & 7)) & mask;
  }
};

import type { ByteReader, ByteWriter } from '../events/index.ts';

/** Widest value that is packed in bits; wider ones go as varints. Four bytes always hold one value and its shift. */
export const bitsMax = 24;

export const packedBytes = (count: number, bits: number): number => (count * bits + 7) >> 3;

/** Writes the low `bits` of `count` unsigned values, least significant bit first, without gaps. */
export const writeBits = (out: ByteWriter, values: Float64Array, count: number, bits: number): void => {
  out.reserve(packedBytes(count, bits));
  const { bytes } = out;
  let at = out.at;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    pending |= (values[i] as number) << pendingBits;
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

/** Reads what `writeBits` wrote. */
export const readBits = (input: ByteReader, into: Float64Array, count: number, bits: number): void => {
  const { bytes } = input;
  let at = input.take(packedBytes(count, bits));
  const mask = 2 ** bits - 1;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < count; i++) {
    while (pendingBits < bits) {
      pending |= (bytes[at++] as number) << pendingBits;
      pendingBits += 8;
    }
    into[i] = pending & mask;
    pending >>>= bits;
    pendingBits -= bits;
  }
};

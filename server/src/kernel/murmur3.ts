const rotateLeft = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/**
 * murmur3_32 of one int32 as its four bytes, little-endian, seed 0 (Appleby, MurmurHash3_x86_32).
 * The answer is unsigned.
 */
export const murmur3OfInt32 = (value: number): number => {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul(rotateLeft(k, 15), 0x1b873593);
  let h = rotateLeft(k, 13);
  h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  h ^= 4;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

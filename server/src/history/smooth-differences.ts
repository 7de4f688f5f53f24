/** Above this a difference of two numbers may lose a bit. */
export const exactDifferenceMax = 2 ** 50;
/** Below, the second first number costs more than it saves. */
const twiceCountMin = 16;
let differences = new Float64Array(1024);

const bitLength = (value: number): number => {
  const magnitude = value < 0 ? -value : value;
  return magnitude < 0x8000_0000 ? 32 - Math.clz32(magnitude) : 32 + Math.log2(magnitude / 0x8000_0000);
};

/**
 * The differences of numbers, when those have differences of at least a tenth fewer bits; undefined: they do not. The answer is used again
 * by the next call.
 */
export const smoothDifferences = (values: Float64Array, from: number, count: number): Float64Array | undefined => {
  if (count < twiceCountMin) return undefined;
  if (differences.length < count) differences = new Float64Array(count * 2);
  let onceBits = 0;
  let twiceBits = 0;
  let previous = 0;
  for (let i = 1; i < count; i++) {
    const value = values[from + i] as number;
    if (value > exactDifferenceMax || value < -exactDifferenceMax) return undefined;
    const difference = value - (values[from + i - 1] as number);
    differences[i - 1] = difference;
    onceBits += bitLength(difference);
    if (i > 1) twiceBits += bitLength(difference - previous);
    previous = difference;
  }
  return twiceBits < onceBits * 0.9 ? differences : undefined;
};

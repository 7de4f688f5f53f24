import { exactDifferenceMax } from './smooth-differences.ts';

let codes = new Float64Array(1024);

/** The differences of a column, zigzag coded. */
export interface Differences {
  /** Used again by the next `fillCodes`. */
  readonly codes: Float64Array;
  /** Largest zigzag code of a difference; −1 when differences are not exact. */
  readonly codeMax: number;
  readonly varintBytes: number;
  /** Greatest common divisor of the differences; 0: all are 0. */
  readonly divisor: number;
}

/** Below, whole numbers are divided as 32-bit integers: a tenth of the time. */
const smallEnd = 2 ** 31;

const isSmall = (value: number): boolean => value < smallEnd && value > -smallEnd;

const greatestCommonDivisor = (a: number, b: number): number => {
  let high = a;
  let low = b;
  while (low !== 0) {
    const rest = isSmall(high) && isSmall(low) ? (high | 0) % (low | 0) : high % low;
    high = low;
    low = rest;
  }
  return high;
};

const isMultiple = (difference: number, divisor: number): boolean =>
  isSmall(difference) && isSmall(divisor) ? (difference | 0) % (divisor | 0) === 0 : difference % divisor === 0;

/** Bytes of a varint, as many as matter for the choice of a form. */
export const varintLength = (value: number): number => {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 8;
};

/** The zigzag codes of the `count` − 1 differences. */
export const fillCodes = (values: Float64Array, from: number, count: number): Differences => {
  if (codes.length < count) codes = new Float64Array(count * 2);
  let codeMax = 0;
  let varintBytes = 0;
  let divisor = 0;
  let previous = values[from] as number;
  let isExact = Math.abs(previous) <= exactDifferenceMax;
  for (let i = 1; i < count; i++) {
    const value = values[from + i] as number;
    if (value > exactDifferenceMax || value < -exactDifferenceMax) isExact = false;
    const difference = value - previous;
    const code = difference >= 0 ? difference * 2 : -difference * 2 - 1;
    codes[i - 1] = code;
    if (code > codeMax) codeMax = code;
    varintBytes += varintLength(code);
    if (divisor !== 1 && difference !== 0 && (divisor === 0 || !isMultiple(difference, divisor)))
      divisor = greatestCommonDivisor(Math.abs(difference), divisor);
    previous = value;
  }
  return { codes, codeMax: isExact ? codeMax : -1, varintBytes, divisor };
};

/** Divides the differences that were coded last; their divisor is known to be one of each. */
export const divideCodes = (count: number, divisor: number): Differences => {
  let codeMax = 0;
  let varintBytes = 0;
  for (let i = 0; i < count; i++) {
    const old = codes[i] as number;
    const isEven = isSmall(old) ? (old & 1) === 0 : old % 2 === 0;
    const code = isEven ? old / divisor : (old + 1) / divisor - 1;
    codes[i] = code;
    if (code > codeMax) codeMax = code;
    varintBytes += varintLength(code);
  }
  return { codes, codeMax, varintBytes, divisor };
};

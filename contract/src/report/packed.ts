import { type ByteReader, FormatError } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Width code for whole numbers that span `range`: offsets of 0, 1, 2 or 4 bytes, else f64. */
export const widthCodeOf = (range: number): number =>
  range === 0 ? 0 : range < 0x100 ? 1 : range < 0x1_0000 ? 2 : range < 0x1_0000_0000 ? 3 : 4;

/** Largest |base|: its zigzag code is twice as large, and a varint ends at 2^53 − 1. */
export const baseMax = 2 ** 52 - 1;

/** Width code of values that are written as they are, whatever the base. */
export const floatWidthCode = 4;

const bytesOf = [0, 1, 2, 4, 8] as const;

/** Writes the base and the offsets of `count` values; the width code goes into a head byte of the caller's. */
export const writePacked = (out: ByteWriter, values: ArrayLike<number>, count: number, base: number, widthCode: number): void => {
  out.zigzag(base);
  out.reserve(count * (bytesOf[widthCode] ?? 8));
  const { bytes, view } = out;
  let at = out.at;
  if (widthCode === 1) for (let i = 0; i < count; i++) bytes[at++] = (values[i] as number) - base;
  else if (widthCode === 2) for (let i = 0; i < count; i++, at += 2) view.setUint16(at, (values[i] as number) - base, true);
  else if (widthCode === 3) for (let i = 0; i < count; i++, at += 4) view.setUint32(at, (values[i] as number) - base, true);
  else if (widthCode === 4) for (let i = 0; i < count; i++, at += 8) view.setFloat64(at, values[i] as number, true);
  out.at = at;
};

/** Reads `count` values into the start of `into`. */
export const readPacked = (input: ByteReader, into: Float64Array, count: number, widthCode: number): void => {
  const base = input.zigzag();
  if (widthCode === 0) {
    into.fill(base, 0, count);
    return;
  }
  const width = bytesOf[widthCode];
  if (width === undefined) throw new FormatError(`width code ${widthCode} is unknown`);
  let at = input.take(count * width);
  const { bytes, view } = input;
  if (widthCode === 1) for (let i = 0; i < count; i++) into[i] = base + (bytes[at++] as number);
  else if (widthCode === 2) for (let i = 0; i < count; i++, at += 2) into[i] = base + view.getUint16(at, true);
  else if (widthCode === 3) for (let i = 0; i < count; i++, at += 4) into[i] = base + view.getUint32(at, true);
  else for (let i = 0; i < count; i++, at += 8) into[i] = view.getFloat64(at, true);
};

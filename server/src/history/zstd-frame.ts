import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { FormatError } from '../events/index.ts';

const inflatedBytesMax = 16 * 1024 * 1024;
const zstdLevel = 3;

export const compress = (bytes: Uint8Array): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });

/** Inflates a zstd frame that must be exactly `length` bytes long; anything else is a `FormatError`. */
export const inflate = (bytes: Uint8Array, length: number): Uint8Array => {
  if (length > inflatedBytesMax)
    throw new FormatError(`a compressed part says it is ${length} bytes long, expected at most ${inflatedBytesMax}`);
  let inflated: Uint8Array;
  try {
    inflated = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
  } catch (cause) {
    throw new FormatError(`a compressed part cannot be inflated (${String(cause)})`);
  }
  if (inflated.length !== length) throw new FormatError(`a compressed part is ${inflated.length} bytes long, expected ${length}`);
  return inflated;
};

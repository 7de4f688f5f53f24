import { type ByteReader, ByteReader as Reader, type ByteWriter, ByteWriter as Writer, FormatError } from '../events/index.ts';
import { compress, inflate } from './zstd-frame.ts';

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });
const compressBytesMin = 96;

/**
 * The dictionary of a text column.
 *
 *     words = varint count · varint n · [varint inflated length] · bytes
 *     n even: n / 2 bytes as they are; n odd: (n − 1) / 2 bytes of a zstd frame
 *     the bytes hold `count` × (varint length · UTF-8)
 */
export const writeWords = (out: ByteWriter, words: readonly string[]): void => {
  const raw = new Writer(256);
  for (const word of words) {
    const bytes = utf8Encoder.encode(word);
    raw.varint(bytes.length);
    raw.append(bytes);
  }
  const plain = raw.toBytes();
  const packed = plain.length < compressBytesMin ? undefined : compress(plain);
  const isShorter = packed !== undefined && packed.length + 4 < plain.length;
  out.varint(words.length);
  out.varint(isShorter ? packed.length * 2 + 1 : plain.length * 2);
  if (isShorter) out.varint(plain.length);
  out.append(isShorter ? packed : plain);
};

export const skipWords = (input: ByteReader): void => {
  input.varint();
  const head = input.varint();
  if (head % 2 === 1) input.varint();
  input.take(Math.floor(head / 2));
};

/** At most `countMax` words. */
export const readWords = (input: ByteReader, countMax: number): string[] => {
  const count = input.varint();
  if (count === 0 || count > countMax) throw new FormatError(`a dictionary has ${count} words, expected 1 to ${countMax}`);
  const head = input.varint();
  const inflatedLength = head % 2 === 1 ? input.varint() : 0;
  const length = Math.floor(head / 2);
  const from = input.take(length);
  const stored = input.bytes.subarray(from, from + length);
  const bytes = head % 2 === 1 ? inflate(stored, inflatedLength) : stored;
  const part = new Reader(bytes);
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const wordLength = part.varint();
    const at = part.take(wordLength);
    try {
      words.push(utf8Decoder.decode(bytes.subarray(at, at + wordLength)));
    } catch (cause) {
      throw new FormatError(`word ${i} of a dictionary is not UTF-8 (${String(cause)})`);
    }
  }
  if (part.at !== part.end) throw new FormatError('bytes follow the words of a dictionary');
  return words;
};

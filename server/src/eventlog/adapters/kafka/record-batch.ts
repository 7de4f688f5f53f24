import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';
import type { RecordBatch } from '../../../events/index.ts';
import { assert } from '../../../kernel/index.ts';

/** Where the fields of a batch lie: Kafka's record batch, version 2 (message format of the protocol guide). Numbers are big-endian. */
const batchFields = { length: 8, version: 16, attributes: 21, lastOffsetDelta: 23, recordCount: 57, records: 61 } as const;
/** What of a batch its length does not count. */
const headBytes = 12;
const batchVersion = 2;
const compressionBits = 0b111;
/** Bit of a batch that only marks the end of a transaction. */
const controlBit = 1 << 5;

/** Records of one batch, as they lie in memory that is not compressed. */
interface Section {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly firstOffset: number;
  readonly count: number;
}

interface Sections {
  readonly sections: readonly Section[];
  readonly nextOffset: number;
}

const decompressed = (fetched: Buffer, from: number, to: number, compression: number): Uint8Array => {
  const algorithm = compressionsAlgorithmsByBitmask[compression];
  assert(algorithm, `a batch of the log is compressed by method ${compression}, which Kafka does not have`);
  return algorithm.decompressSync(fetched.subarray(from, to));
};

const readSections = (fetched: Buffer): Sections => {
  const sections: Section[] = [];
  let nextOffset = 0;
  // The last batch may have been cut off: it is read again from its beginning.
  for (let at = 0; at + batchFields.records <= fetched.length; ) {
    const end = at + headBytes + fetched.readInt32BE(at + batchFields.length);
    if (end > fetched.length) break;
    const version = fetched.readInt8(at + batchFields.version);
    assert(version === batchVersion, `a batch of the log has version ${version}, expected ${batchVersion}`);
    const attributes = fetched.readInt16BE(at + batchFields.attributes);
    const firstOffset = fetched.readInt32BE(at) * 2 ** 32 + fetched.readUInt32BE(at + 4);
    nextOffset = firstOffset + fetched.readInt32BE(at + batchFields.lastOffsetDelta) + 1;
    const count = fetched.readInt32BE(at + batchFields.recordCount);
    const compression = attributes & compressionBits;
    if (!(attributes & controlBit)) {
      const from = at + batchFields.records;
      sections.push(
        compression === 0
          ? { bytes: fetched, from, firstOffset, count }
          : { bytes: decompressed(fetched, from, end, compression), from: 0, firstOffset, count },
      );
    }
    at = end;
  }
  return { sections, nextOffset };
};

/** All in one piece of memory: what was fetched itself, unless something of it was compressed. */
const inOnePiece = (fetched: Buffer, sections: readonly Section[]): { bytes: Uint8Array; sections: readonly Section[] } => {
  if (sections.every(({ bytes }) => bytes === fetched)) return { bytes: fetched, sections };
  const pieces = [...new Set(sections.map(({ bytes }) => bytes))];
  const bytes = Buffer.concat(pieces);
  const startOf = new Map<Uint8Array, number>();
  let at = 0;
  for (const piece of pieces) {
    startOf.set(piece, at);
    at += piece.length;
  }
  return { bytes, sections: sections.map((one) => ({ ...one, from: (startOf.get(one.bytes) ?? 0) + one.from })) };
};

/** Goes through the records of a batch without making anything of them. Their numbers are zigzag varints, as those of Protobuf. */
class RecordWalk {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 32 bits. */
  readVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  skipVarint(): void {
    while ((this.#bytes[this.at++] as number) >= 0x80);
  }
}

/**
 * What was fetched of a partition as a batch, without copies: records lie where they were received. `fromOffset`: what was asked for; a broker
 * answers with the whole batch that holds it. Undefined: there is nothing.
 */
export const recordBatchOf = (partition: number, fetched: Buffer, fromOffset: number): RecordBatch | undefined => {
  const { sections: found, nextOffset } = readSections(fetched);
  if (nextOffset <= fromOffset) return undefined;
  const { bytes, sections } = inOnePiece(fetched, found);
  const countMax = sections.reduce((sum, { count }) => sum + count, 0);
  const [starts, ends, offsets] = [new Int32Array(countMax), new Int32Array(countMax), new Float64Array(countMax)];
  const walk = new RecordWalk(bytes);
  let count = 0;
  for (const { from, firstOffset, count: inSection } of sections) {
    walk.at = from;
    for (let i = 0; i < inSection; i++) {
      const length = walk.readVarint();
      const end = walk.at + length;
      // Attributes, which are not used yet, and the time.
      walk.at++;
      walk.skipVarint();
      const offset = firstOffset + walk.readVarint();
      const keyLength = walk.readVarint();
      walk.at += Math.max(0, keyLength);
      const valueLength = walk.readVarint();
      if (offset >= fromOffset && valueLength >= 0) {
        starts[count] = walk.at;
        ends[count] = walk.at + valueLength;
        offsets[count] = offset;
        count++;
      }
      walk.at = end;
    }
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isAll = count === countMax;
  return {
    partition,
    count,
    bytes,
    view,
    starts: isAll ? starts : starts.subarray(0, count),
    ends: isAll ? ends : ends.subarray(0, count),
    offsets: isAll ? offsets : offsets.subarray(0, count),
    nextOffset,
  };
};

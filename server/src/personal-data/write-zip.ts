import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { assert } from '../kernel/index.ts';

/** A file of an archive. */
export interface ZipEntry {
  /** With slashes, relative. */
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
}

const sizeMax = 2 ** 32 - 1;
/** Names are UTF-8; sizes follow the content, because it is written while it is read. */
const flags = 0x0808;
const deflated = 8;
const version = 20;
/** The first day that the format knows: files say themselves when they are of. */
const dosDate = 0x0021;

const localHeader = (name: Buffer): Buffer => {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(deflated, 8);
  header.writeUInt16LE(dosDate, 12);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
};

const descriptor = ({ crc, packedBytes, bytes }: Omit<Written, 'name' | 'offset'>): Buffer => {
  const written = Buffer.alloc(16);
  written.writeUInt32LE(0x08074b50, 0);
  written.writeUInt32LE(crc, 4);
  written.writeUInt32LE(packedBytes, 8);
  written.writeUInt32LE(bytes, 12);
  return written;
};

const centralHeader = ({ name, offset, crc, packedBytes, bytes }: Written): Buffer => {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(version, 4);
  header.writeUInt16LE(version, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(deflated, 10);
  header.writeUInt16LE(dosDate, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(packedBytes, 20);
  header.writeUInt32LE(bytes, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
};

const endOf = (count: number, centralBytes: number, offset: number): Buffer => {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(centralBytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
};

/**
 * A ZIP archive (APPNOTE 6.3.10, without ZIP64: at most 65,535 files and 4 GiB), piece by piece as the files are read; none is in memory as a
 * whole.
 */
export const writeZip = async function* (entries: AsyncIterable<ZipEntry>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let offset = 0;
  for await (const { name: text, content } of entries) {
    const name = Buffer.from(text, 'utf8');
    const start = offset;
    const header = localHeader(name);
    offset += header.length;
    yield header;
    let [crc, bytes, packedBytes] = [0, 0, 0];
    const counted = async function* () {
      for await (const piece of content) {
        crc = crc32(piece, crc);
        bytes += piece.length;
        yield piece;
      }
    };
    const deflate = createDeflateRaw();
    const reading = pipeline(Readable.from(counted(), { objectMode: false }), deflate);
    reading.catch(() => {});
    for await (const piece of deflate as AsyncIterable<Buffer>) {
      packedBytes += piece.length;
      yield piece;
    }
    await reading;
    const tail = descriptor({ crc, packedBytes, bytes });
    offset += packedBytes + tail.length;
    assert(offset <= sizeMax && bytes <= sizeMax, 'an archive is bounded');
    yield tail;
    written.push({ name, offset: start, crc, packedBytes, bytes });
  }
  const central = Buffer.concat(written.map(centralHeader));
  yield central;
  yield endOf(written.length, central.length, offset);
};

import assert from 'node:assert/strict';
import { crc32, inflateRawSync } from 'node:zlib';

/** The files of an archive by name, read by its central directory as any other program does, each checked. */
export const readZip = (zip: Buffer): Map<string, Buffer> => {
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50, 'it ends as an archive does');
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < zip.readUInt16LE(end + 8); i++) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const [crc, packedBytes, bytes] = [16, 20, 24].map((offset) => zip.readUInt32LE(at + offset)) as [number, number, number];
    const nameBytes = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes);
    const local = zip.readUInt32LE(at + 42);
    assert.equal(zip.readUInt32LE(local), 0x04034b50);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = inflateRawSync(zip.subarray(from, from + packedBytes));
    assert.deepEqual([content.length, crc32(content)], [bytes, crc], name);
    files.set(name, content);
    at += 46 + nameBytes;
  }
  return files;
};

import { createHash, type Hash } from 'node:crypto';
import { chmod, type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { OperationalError } from '../kernel/index.ts';
import { copyBytes, stableReadsMax } from './limits.ts';

export interface CopiedBytes {
  readonly bytes: number;
  readonly sha256: string;
}

const pump = async (from: FileHandle, to: FileHandle | undefined, bytesMax: number, hash: Hash): Promise<number> => {
  const buffer = Buffer.allocUnsafeSlow(copyBytes);
  let at = 0;
  while (at < bytesMax) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(copyBytes, bytesMax - at), at);
    if (bytesRead === 0) break;
    const part = buffer.subarray(0, bytesRead);
    hash.update(part);
    if (to) await to.writeFile(part);
    at += bytesRead;
  }
  return at;
};

/** Copies a file, or its beginning, and makes the copy durable. A file that grows meanwhile is copied as far as it reached. */
export const copyFile = async (
  from: string,
  to: string,
  mode: number,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<CopiedBytes> => {
  const hash = createHash('sha256');
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', mode);
    try {
      const bytes = await pump(source, target, bytesMax, hash);
      await target.sync();
      return { bytes, sha256: hash.digest('hex') };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

export const hashFile = async (file: string): Promise<CopiedBytes> => {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    return { bytes: await pump(handle, undefined, Number.POSITIVE_INFINITY, hash), sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
};

/** Writes a new file durably. */
export const writeNewFile = async (to: string, content: string | Uint8Array, mode: number): Promise<CopiedBytes> => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const target = await open(to, 'wx', mode);
  try {
    await target.writeFile(bytes);
    await target.sync();
  } finally {
    await target.close();
  }
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
};

/** A small file that its owner overwrites in place: read until two readings are the same, so that none is half written. */
export const readStable = async (file: string): Promise<Buffer> => {
  let last = await readFile(file);
  for (let reads = 0; reads < stableReadsMax; reads++) {
    const next = await readFile(file);
    if (next.equals(last)) return next;
    last = next;
  }
  throw new OperationalError('unavailable', `${file} changes all the time and cannot be copied`);
};

/** The permissions of a file or folder. */
export const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

/** Makes the names in a folder durable. */
export const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export const setMode = (path: string, mode: number): Promise<void> => chmod(path, mode);
export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

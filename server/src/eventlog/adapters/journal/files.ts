import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';

export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/**
 * Writes all of the bytes. One write may take only part of them: on a disk that has just filled up it does so without an error, and
 * only the next write says ENOSPC.
 */
export const writeAll = async (handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    if (bytesWritten === 0) throw new Error(`no byte could be written at ${position + at}`);
    at += bytesWritten;
  }
};

/** Reads up to `length` bytes: fewer only where the file ends. */
export const readUpTo = async (handle: FileHandle, length: number, position: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
};

/** Makes the names in a folder durable. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Replaces a file whole: a crash leaves the old one or the new one. */
export const replaceFile = async (file: string, parts: readonly Uint8Array[]): Promise<void> => {
  const handle = await open(`${file}.new`, 'w');
  try {
    let at = 0;
    for (const part of parts) {
      await writeAll(handle, part, at);
      at += part.length;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  await syncFolder(path.dirname(file));
};

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotStore } from '../snapshot-store.ts';

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const ifThere = async <T>(found: Promise<T>): Promise<T | undefined> => {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

export const openFolderSnapshots = (folder: string): SnapshotStore => ({
  write: async (name, parts) => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, name);
    const temporary = `${path}.part`;
    const file = await open(temporary, 'w', 0o600);
    let bytes = 0;
    try {
      for await (const part of parts) {
        bytes += part.length;
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
    return bytes;
  },
  names: async (prefix) =>
    ((await ifThere(readdir(folder))) ?? []).filter((name) => name.startsWith(prefix) && !name.endsWith('.part')).sort(),
  read: (name) => ifThere(readFile(join(folder, name))),
  remove: (name) => rm(join(folder, name), { force: true }),
});

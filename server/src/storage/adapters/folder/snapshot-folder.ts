import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, OperationalError, systemClock } from '../../../kernel/index.ts';
import { checkName, checkPrefix, type SnapshotStore } from '../../snapshot-store.ts';

/** Files of writes that were cut off are removed after this. */
export const temporaryAgeMaxMs = 3_600_000;
/** No name has it. */
const temporaryMark = '~';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** A disk that is full says so with these. */
const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** An error of the disk as ours. */
const operational = (what: string, error: unknown): OperationalError =>
  isFull(error)
    ? new OperationalError('disk_full', `${what}: the disk is full`, { cause: error })
    : new OperationalError('unavailable', `${what}: the disk does not do it`, { cause: error });

const onDisk = async <Result>(what: string, run: () => Promise<Result>): Promise<Result> => {
  try {
    return await run();
  } catch (error) {
    throw operational(what, error);
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const listFolder = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

const removeLeftovers = async (folder: string, beforeMs: number): Promise<void> => {
  for (const name of await listFolder(folder)) {
    if (!name.includes(temporaryMark)) continue;
    const path = join(folder, name);
    const file = await stat(path).catch(() => undefined);
    if (file && file.mtimeMs < beforeMs) await rm(path, { force: true });
  }
};

const writeParts = async (what: string, file: FileHandle, parts: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  try {
    for await (const part of parts) {
      await onDisk(what, () => file.writeFile(part));
      bytes += part.length;
    }
    await onDisk(what, () => file.sync());
  } finally {
    await file.close();
  }
  return bytes;
};

/** Files of a folder, which is made when the first is written. What was written outlives a power cut. */
export const openSnapshotFolder = (folder: string, clock: Clock = systemClock): SnapshotStore => {
  let isSwept = false;
  const prepare = async (): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (isSwept) return;
    await removeLeftovers(folder, clock.now() - temporaryAgeMaxMs);
    isSwept = true;
  };
  return {
    write: async (name, parts) => {
      checkName(name);
      const what = `snapshot ${name} cannot be written`;
      await onDisk(what, prepare);
      const temporary = join(folder, `${name}${temporaryMark}${randomBytes(4).toString('hex')}`);
      const file = await onDisk(what, () => open(temporary, 'wx', 0o600));
      try {
        const bytes = await writeParts(what, file, parts);
        await onDisk(what, () => rename(temporary, join(folder, name)));
        await onDisk(what, () => syncFolder(folder));
        return bytes;
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    },
    names: async (prefix) => {
      checkPrefix(prefix);
      const names = await onDisk('snapshots cannot be listed', () => listFolder(folder));
      return names.filter((name) => name.startsWith(prefix) && !name.includes(temporaryMark)).toSorted();
    },
    read: async (name) => {
      checkName(name);
      try {
        return await readFile(join(folder, name));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw operational(`snapshot ${name} cannot be read`, error);
      }
    },
    remove: async (name) => {
      checkName(name);
      await onDisk(`snapshot ${name} cannot be removed`, () => rm(join(folder, name), { force: true }));
    },
  };
};

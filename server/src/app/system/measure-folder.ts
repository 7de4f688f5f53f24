import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type DataFolderPart, dataFolderParts } from '@milepost/contract/api';

/** What stat counts in, whatever the disk's own blocks are. */
const blockBytes = 512;

/** On disk, which may be less than a file is long. Files may go while they are counted. */
const bytesOf = async (place: string): Promise<number> => {
  const found = await lstat(place).catch(() => undefined);
  if (!found) return 0;
  const own = (found.blocks ?? Math.ceil(found.size / blockBytes)) * blockBytes;
  if (!found.isDirectory()) return own;
  let sum = own;
  for (const name of await readdir(place).catch(() => [])) sum += await bytesOf(path.join(place, name));
  return sum;
};

/** Which part a name in the data folder belongs to. */
export const partOf = (name: string): DataFolderPart => {
  if (name.startsWith('.replaced-') || /^(history|live)\.old/.test(name)) return 'replaced';
  return dataFolderParts.find((part) => part === name) ?? 'other';
};

/** Bytes on disk of the parts of a data folder. */
export const measureFolder = async (root: string): Promise<ReadonlyMap<DataFolderPart, number>> => {
  const sizes = new Map<DataFolderPart, number>(dataFolderParts.map((part) => [part, 0]));
  for (const name of await readdir(root)) {
    const part = partOf(name);
    sizes.set(part, (sizes.get(part) ?? 0) + (await bytesOf(path.join(root, name))));
  }
  return sizes;
};

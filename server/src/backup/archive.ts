import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract, pack, type Pack } from 'tar-stream';
import { CallerError, OperationalError } from '../kernel/index.ts';
import { syncFolder } from './copy-file.ts';
import { isInside } from './manifest.ts';

const addFile = async (archive: Pack, file: string, name: string): Promise<void> => {
  const found = await stat(file);
  const entry = archive.entry({ name, size: found.size, mode: found.mode & 0o777, mtime: new Date(0) });
  await pipeline(createReadStream(file), entry);
};

const addAll = async (archive: Pack, folder: string): Promise<void> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.parentPath + a.name < b.parentPath + b.name ? -1 : 1))) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    await addFile(archive, file, path.relative(folder, file).split(path.sep).join('/'));
  }
  archive.finalize();
};

/** Makes one file of a backup, and removes the folder. Folders that hold nothing are in the manifest, which is all that a restore reads. */
export const packBackup = async (folder: string, file: string): Promise<void> => {
  const partial = `${file}.partial`;
  const archive = pack();
  await Promise.all([addAll(archive, folder), pipeline(archive, createWriteStream(partial, { mode: 0o600 }))]);
  const handle = await open(partial, 'r+');
  await handle.sync();
  await handle.close();
  await rename(partial, file);
  await syncFolder(path.dirname(path.resolve(file)));
  await rm(folder, { recursive: true, force: true });
};

const unpackEntries = async (archive: Extract, file: string, folder: string): Promise<void> => {
  for await (const entry of archive) {
    const { name } = entry.header;
    if (!isInside(name)) throw new CallerError('bad_request', `${file} names a file outside of itself: ${name}`);
    const place = path.join(folder, name);
    await mkdir(path.dirname(place), { recursive: true, mode: 0o700 });
    await pipeline(entry, createWriteStream(place, { flags: 'wx', mode: 0o600 }));
  }
};

/** Unpacks a backup into a new folder. What it holds is verified by whoever reads it. */
export const unpackBackup = async (file: string, folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const archive = extract();
  const reading = pipeline(createReadStream(file), archive);
  // An archive that was cut off ends the reading with an error while an entry still waits for its rest.
  const broken = new Promise<never>((_resolve, reject) => {
    reading.catch(reject);
  });
  try {
    await Promise.race([unpackEntries(archive, file, folder), broken]);
  } catch (cause) {
    archive.destroy();
    if (cause instanceof CallerError) throw cause;
    throw new OperationalError('unavailable', `${file} cannot be unpacked: ${(cause as Error).message}`, { cause });
  }
};

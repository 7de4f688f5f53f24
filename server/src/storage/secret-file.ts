import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a rename or a new name durable. */
export const fsyncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Keeps the text of a file that is there, or makes one durably, readable for our own user alone. Answers what it holds. */
export const keepSecretFile = async (path: string, make: () => string): Promise<string> => {
  const present = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (present.trim() !== '') return present.trim();
  const made = make();
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(partial, `${made}\n`, { mode: 0o600, flush: true });
  await rename(partial, path);
  await fsyncFolder(dirname(path));
  return made;
};

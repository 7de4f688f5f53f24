import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Where everything of one data folder lies. docs/architecture.md lists it. */
export interface DataFolder {
  readonly root: string;
  readonly journal: string;
  readonly history: string;
  readonly live: string;
  readonly postgres: string;
  readonly secrets: string;
}

export const openDataFolder = async (root: string): Promise<DataFolder> => {
  const absolute = path.resolve(root);
  const folder = (name: string): string => path.join(absolute, name);
  const folders = { root: absolute, journal: folder('journal'), history: folder('history'), live: folder('live'), postgres: folder('postgres'), secrets: folder('secrets') };
  for (const one of [folders.root, folders.journal, folders.history, folders.live]) await mkdir(one, { recursive: true });
  await mkdir(folders.secrets, { recursive: true, mode: 0o700 });
  return folders;
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** A secret of the data folder: read, or made at random and kept for its owner's eyes only. */
export const keepSecret = async (folder: DataFolder, name: string): Promise<string> => {
  const file = path.join(folder.secrets, name);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const secret = randomBytes(32).toString('base64url');
  await writeFile(`${file}.new`, `${secret}\n`, { mode: 0o600, flush: true });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
  return secret;
};

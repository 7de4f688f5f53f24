import { lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { copyFile, hashFile, isMissing, modeOf, setMode, syncFolder, writeNewFile } from './copy-file.ts';
import { copySqlite, isSqlite } from './store-copy.ts';
import type { BackedUpFile, BackedUpFolder } from './types.ts';

export interface TreeRules {
  /** Paths below the data folder that are left out, with everything below them. */
  readonly isLeftOut: (relative: string) => boolean;
  /** SQLite files are copied as of one moment; others byte by byte. */
  readonly hasSqlite: boolean;
  /** Names that are copied before the others of their folder. */
  readonly first?: readonly string[];
}

const besideSqlite = /-(wal|shm|journal)$/;

/** Copies files of a data folder to a backup, and keeps the list of them. */
export class FileCollector {
  readonly files: BackedUpFile[] = [];
  readonly folders: BackedUpFolder[] = [];
  readonly #from: string;
  readonly #to: string;
  readonly #progress: (bytes: number) => void;

  constructor(from: string, to: string, progress: (bytes: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#progress = progress;
  }

  /** Makes a folder of the copy, with the permissions of its original. */
  async addFolder(relative: string): Promise<void> {
    if (this.folders.some((folder) => folder.path === relative)) return;
    const mode = await modeOf(path.join(this.#from, relative));
    await mkdir(path.join(this.#to, relative), { recursive: true, mode: 0o700 });
    this.folders.push({ path: relative, mode });
  }

  async addFile(relative: string, bytesMax?: number): Promise<void> {
    const from = path.join(this.#from, relative);
    const mode = await modeOf(from);
    const copied = await copyFile(from, path.join(this.#to, relative), mode, bytesMax);
    this.#add({ path: relative, mode, ...copied });
  }

  async addWritten(relative: string, content: string | Uint8Array, mode: number): Promise<void> {
    this.#add({ path: relative, mode, ...(await writeNewFile(path.join(this.#to, relative), content, mode)) });
  }

  async #addSqlite(relative: string): Promise<void> {
    const [from, to] = [path.join(this.#from, relative), path.join(this.#to, relative)];
    const mode = await modeOf(from);
    await copySqlite(from, to);
    await setMode(to, mode);
    this.#add({ path: relative, mode, ...(await hashFile(to)) });
  }

  /** A folder and everything below it. What vanishes while it is being listed was removed by its owner, and is no part of the copy. */
  async addTree(relative: string, rules: TreeRules): Promise<void> {
    await this.addFolder(relative);
    const rank = (name: string): number => {
      const place = rules.first?.indexOf(name) ?? -1;
      return place < 0 ? Number.POSITIVE_INFINITY : place;
    };
    const names = (await readdir(path.join(this.#from, relative))).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    for (const name of names) {
      const below = path.posix.join(relative, name);
      if (rules.isLeftOut(below)) continue;
      try {
        await this.#addEntry(below, rules);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    await syncFolder(path.join(this.#to, relative));
  }

  async #addEntry(relative: string, rules: TreeRules): Promise<void> {
    const from = path.join(this.#from, relative);
    const found = await lstat(from);
    if (found.isDirectory()) return this.addTree(relative, rules);
    if (!found.isFile()) return;
    if (!rules.hasSqlite) return this.addFile(relative);
    if (besideSqlite.test(relative) && (await this.#isBesideSqlite(from))) return;
    if (await isSqlite(from)) return this.#addSqlite(relative);
    return this.addFile(relative);
  }

  async #isBesideSqlite(file: string): Promise<boolean> {
    return isSqlite(file.replace(besideSqlite, '')).catch(() => false);
  }

  #add(file: BackedUpFile): void {
    this.files.push(file);
    this.#progress(file.bytes);
  }
}

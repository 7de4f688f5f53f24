import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Folders that hold nothing written by hand. */
export const generatedFolders = new Set(['node_modules', 'dist', '.quasar', '.git', 'golden']);

/**
 * Every file below a folder, sorted, without generated folders and those that `skip` names.
 * @param {string} folder
 * @param {(path: string) => boolean} [skip] given absolute paths of files and folders
 * @returns {string[]}
 */
export const filesBelow = (folder, skip = () => false) => {
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (skip(path)) continue;
    if (entry.isDirectory()) {
      if (!generatedFolders.has(entry.name)) found.push(...filesBelow(path, skip));
    } else if (entry.isFile()) found.push(path);
  }
  return found.sort();
};

/**
 * One hash over the names and contents of files.
 * @param {string} base names are taken relative to it
 * @param {readonly string[]} paths
 */
export const hashFiles = (base, paths) => {
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = readFileSync(path);
    hash.update(`${relative(base, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
};

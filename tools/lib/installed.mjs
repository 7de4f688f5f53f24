import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether node_modules already holds what package-lock.json names, by npm's own record of what it installed
 * (node_modules/.package-lock.json). Optional packages may be absent: nearly all of them are for other platforms.
 * @param {string} root
 */
export const installedAsLocked = (root) => {
  const recordPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const locked = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(recordPath);
  const extra = Object.keys(installed).some((path) => !(path in locked));
  return !extra && Object.entries(locked).every(([path, wanted]) => isAsWanted(path, wanted, installed[path], root));
};

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage */

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
const packagesOf = (path) => {
  const { packages } = JSON.parse(readFileSync(path, 'utf8'));
  return packages ?? {};
};

/**
 * @param {string} path
 * @param {LockedPackage} wanted
 * @param {LockedPackage | undefined} have
 * @param {string} root
 */
const isAsWanted = (path, wanted, have, root) => {
  // The project itself and its workspaces are not installed; links to them are.
  if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
  if (have === undefined) return wanted.optional === true;
  return have.version === wanted.version && have.integrity === wanted.integrity && existsSync(join(root, path));
};

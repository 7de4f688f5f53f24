import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, fetchBudgetMs, has } from './engine.mjs';

/** @typedef {import('./engine.mjs').Found} Found */

/**
 * A program that is a module of Python, with what it needs, fetched when it is not there: a folder for PYTHONPATH.
 * @param {string} name with its version: `name-1.2.3`
 * @returns {Found}
 */
export const ensurePythonModule = (name) => {
  const path = join(cache, name);
  if (existsSync(path)) return { path };
  if (!has('python3')) return { problem: 'python3 is not installed' };
  process.stdout.write(`Fetching ${name} (once) …\n`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const args = ['-m', 'pip', 'install', '--quiet', '--target', join(work, 'lib'), name.replace(/-(?=\d)/, '==')];
    const { status, stderr } = spawnSync('python3', args, { encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${name} cannot be fetched: ${`${stderr}`.trim().split('\n').at(-1)}` };
    renameSync(join(work, 'lib'), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

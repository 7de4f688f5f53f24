import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache, fetchBudgetMs, readyMs, has } from './engine.mjs';

/** @typedef {import('./engine.mjs').Found} Found */

/**
 * The compiler of Protocol Buffers, as a module of Python, fetched when it is not there. To be run with `protoc`.
 * @returns {Found}
 */
export const ensureProtoc = () => {
  const name = 'grpcio-tools-1.85.1';
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

/**
 * What a message says, in the text format of Protocol Buffers, by their own compiler.
 * @param {string} path of `ensureProtoc`
 * @param {string} schema a file
 * @param {string} type with its package
 * @param {Uint8Array} message
 */
export const decodeWithProtoc = (path, schema, type, message) => {
  const args = ['-m', 'grpc_tools.protoc', `--proto_path=${dirname(schema)}`, `--decode=${type}`, schema];
  const env = { ...process.env, PYTHONPATH: path };
  const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8', input: message, env, timeout: readyMs });
  if (status !== 0) throw new Error(`protoc: ${stderr}`);
  return stdout;
};

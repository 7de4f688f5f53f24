import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, engineOf, fetchBudgetMs, freePort, has, launch } from './engine.mjs';

/** @typedef {import('./engine.mjs').Found} Found */
/** @typedef {import('./engine.mjs').Engine} Engine */

const module = 'github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0';

/** The program, built by Go when it is not there. @returns {Found} */
export const ensureToxiproxy = () => {
  const path = join(cache, 'toxiproxy-2.12.0');
  if (existsSync(path)) return { path };
  if (!has('go')) return { problem: 'go is not installed' };
  process.stdout.write('Building toxiproxy-2.12.0 (once) …\n');
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const env = { ...process.env, GOBIN: work };
    const { status, stderr } = spawnSync('go', ['install', module], { env, encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${module} cannot be built: ${stderr.trim().split('\n').at(-1)}` };
    renameSync(join(work, 'server'), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/**
 * Proxies between programs and what they talk to, which can be told to be slow or to break.
 * @param {string} binary
 * @returns {Promise<Engine>} its address is where it is told what to do, by HTTP
 */
export const startToxiproxy = async (binary) => {
  const folder = mkdtempSync(join(tmpdir(), 'milepost-toxiproxy-'));
  const port = await freePort();
  const ready = /Starting Toxiproxy HTTP server/;
  const args = ['-host', '127.0.0.1', '-port', String(port)];
  return engineOf(folder, `127.0.0.1:${port}`, () => launch(binary, args, { cwd: folder, logFile: join(folder, 'log'), ready }));
};

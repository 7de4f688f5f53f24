import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Where a Chromium usually is. CHROMIUM_PATH goes before. */
const usualPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const aptBudgetMs = 300_000;

/** @param {readonly string[]} args */
const apt = (args) => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    timeout: aptBudgetMs,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1) ?? 'failed');
};

const find = () =>
  [process.env['CHROMIUM_PATH'], ...usualPaths].find((path) => path !== undefined && path !== '' && existsSync(path));

/**
 * Finds a browser for the tests; on Debian as root it installs one.
 * @returns {{ path: string } | { problem: string }}
 */
export const ensureChromium = () => {
  const present = find();
  if (present) return { path: present };
  if (!existsSync('/etc/debian_version')) return { problem: 'no Chromium was found; install one or set CHROMIUM_PATH' };
  if (process.getuid?.() !== 0)
    return { problem: 'no Chromium was found, and only root may install it: apt-get install chromium' };
  process.stdout.write('Installing Chromium for the browser tests …\n');
  const problem = apt(['update', '-qq']) ?? apt(['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  const path = find();
  return path ? { path } : { problem: `Chromium could not be installed: ${problem}` };
};

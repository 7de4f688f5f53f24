import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findNode } from './lib/find-node.mjs';
import { filesBelow, hashFiles } from './lib/hash-files.mjs';
import { installedAsLocked } from './lib/installed.mjs';
import { root } from './lib/root.mjs';

/** A start that cannot go on, in words for the person in front of it. */
export class EnsureError extends Error {}

const lockFile = join(root, 'package-lock.json');
const installStamp = join(root, 'node_modules', '.milepost-installed');
const webFolder = join(root, 'web');
const webStamp = join(webFolder, 'dist', '.milepost-built');

/**
 * Where Node keeps the JavaScript it made of our TypeScript. Without it every thread starts the WebAssembly that strips types, which takes four
 * times as long, and whose code two threads that end at once can free twice, which ends the process.
 */
const compileCache = join(root, 'node_modules', '.cache', 'milepost-compiled');

/** @param {string} path */
const readText = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * Runs npm with the Node that runs it already, never with one below the node_modules that it is about to replace.
 * @param {readonly string[]} args
 */
const npm = (args) => {
  const env = { ...process.env };
  const bin = join(root, 'node_modules');
  env['PATH'] = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(bin))
    .join(delimiter);
  const { npm_execpath: cli, npm_node_execpath: node } = env;
  const [command, first] = cli?.endsWith('.js') && node && !node.startsWith(bin) ? [node, [cli]] : ['npm', []];
  const { status, error, stderr, stdout } = spawnSync(command, [...first, ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (error) throw new EnsureError(`npm cannot be run (${error.message}); it comes with Node`);
  if (status !== 0) throw new EnsureError(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`);
};

/** Installs what package-lock.json names, unless it is there already. Returns the Node to run everything with; what it starts shares a cache. */
export const ensureInstalled = () => {
  const hash = `${hashFiles(root, [lockFile])} ${process.platform}-${process.arch}`;
  if (readText(installStamp) !== hash) {
    if (!installedAsLocked(root)) {
      say('Installing packages (only when they changed) …');
      npm(['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
    }
    writeFileSync(installStamp, hash);
  }
  process.env['NODE_COMPILE_CACHE'] ??= compileCache;
  const node = findNode();
  if ('problem' in node) throw new EnsureError(node.problem);
  return node.path;
};

/** What the web app is built from: its own files, the contract, the tracks that the map draws as streets, and the packages. */
const webSources = () => {
  const generated = readText(join(webFolder, '.gitignore')) ?? '';
  const skipped = new Set(
    generated
      .split('\n')
      .filter(Boolean)
      .map((line) => join(webFolder, line.replace(/\/$/, ''))),
  );
  const others = [join(root, 'contract', 'src'), join(root, 'simulator', 'data')].filter((folder) => existsSync(folder));
  const sources = [...filesBelow(webFolder, (path) => skipped.has(path)), ...others.flatMap((folder) => filesBelow(folder))];
  return [lockFile, ...sources.filter((path) => !path.endsWith('.test.ts'))];
};

/** Builds the web app unless the one that is there was built from the same sources. */
export const ensureWebBuilt = () => {
  const { scripts } = JSON.parse(readFileSync(join(webFolder, 'package.json'), 'utf8'));
  if (!scripts?.build) {
    say('web/package.json has no build script: starting without the web app.');
    return;
  }
  const hash = hashFiles(root, webSources());
  if (readText(webStamp) === hash && existsSync(join(webFolder, 'dist', 'spa', 'index.html'))) return;
  say('Building the web app (only when it changed) …');
  // Read as "not built" if the build is interrupted.
  mkdirSync(join(webFolder, 'dist'), { recursive: true });
  writeFileSync(webStamp, '');
  npm(['run', 'build', '--workspace', 'web']);
  writeFileSync(webStamp, hash);
};

/**
 * Runs `main`, and turns an EnsureError into its message and exit code 1.
 * @param {() => number | Promise<number>} main
 */
export const runMain = async (main) => {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof EnsureError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
};

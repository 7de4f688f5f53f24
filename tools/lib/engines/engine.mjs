import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Engines for tests and benches. They are fetched once, by Maven, pip or Go, and kept outside of the project. */

export const cache =
  process.env['MILEPOST_ENGINES'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'milepost', 'engines');
export const fetchBudgetMs = 300_000;
export const readyMs = 180_000;
export const stopMs = 20_000;
export const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** @typedef {{ path: string } | { problem: string }} Found */
/** @typedef {{ readonly address: string, readonly folder: string, readonly pid: number, readonly log: () => string, stop: () => Promise<void>, kill: () => void, start: () => Promise<void>, remove: () => Promise<void> }} Engine */

/** @param {string} program */
export const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** @param {string} name @param {string} dependencies */
export const pom = (name, dependencies) =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>milepost.engines</groupId><artifactId>${name}</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies}</dependencies></project>`;

/** @param {string} coordinates group:artifact:version */
export const dependency = (coordinates) => {
  const [group, artifact, version] = coordinates.split(':');
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
};

/**
 * The jars of a program of Java, fetched when they are not there.
 * @param {string} name with its version: the name of its folder
 * @param {readonly string[]} coordinates
 * @returns {Found}
 */
export const ensureJars = (name, coordinates) => {
  const path = join(cache, name);
  if (existsSync(path)) return { path };
  for (const program of ['java', 'mvn']) if (!has(program)) return { problem: `${program} is not installed` };
  process.stdout.write(`Fetching ${name} (once) …\n`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    writeFileSync(join(work, 'pom.xml'), pom(name, coordinates.map(dependency).join('')));
    const args = ['-q', '-B', copyPlugin, '-DincludeScope=runtime', '-DoutputDirectory=lib'];
    const { status, stdout, stderr } = spawnSync('mvn', args, { cwd: work, encoding: 'utf8', timeout: fetchBudgetMs });
    if (status !== 0) return { problem: `${name} cannot be fetched: ${`${stdout}${stderr}`.trim().split('\n').at(0)}` };
    renameSync(join(work, 'lib'), path);
    return { path };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** @returns {Promise<number>} a port that is free now */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/**
 * Starts a program and waits until its log says that it is ready.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, logFile: string, ready: RegExp, env?: NodeJS.ProcessEnv }} options
 */
export const launch = async (command, args, { cwd, logFile, ready, env }) => {
  const from = existsSync(logFile) ? readFileSync(logFile, 'utf8').length : 0;
  const file = openSync(logFile, 'a');
  const child = spawn(command, args, { cwd, stdio: ['ignore', file, file], env: { ...process.env, ...env } });
  const startedMs = performance.now();
  while (!ready.test(readFileSync(logFile, 'utf8').slice(from))) {
    if (child.exitCode !== null || performance.now() - startedMs > readyMs) {
      child.kill('SIGKILL');
      throw new Error(`${command} is not ready:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
    }
    await delay(50);
  }
  return child;
};

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
export const end = async (child, signal) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const cut = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(cut);
};

/**
 * An engine in a folder of its own, which can be stopped and started again.
 * @param {string} folder
 * @param {string} address
 * @param {() => Promise<import('node:child_process').ChildProcess>} start
 * @returns {Promise<Engine>}
 */
export const engineOf = async (folder, address, start) => {
  let child = await start();
  return {
    address,
    folder,
    get pid() {
      return /** @type {number} */ (child.pid);
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    stop: () => end(child, 'SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    start: async () => {
      await end(child, 'SIGKILL');
      child = await start();
    },
    remove: async () => {
      await end(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

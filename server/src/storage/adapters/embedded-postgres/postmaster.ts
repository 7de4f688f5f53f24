import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Logger, OperationalError } from '../../../kernel/index.ts';
import { dataFolderArgument } from './cluster.ts';
import { postgresEnvironment, type RunAs } from './run.ts';

/** Recovery after a crash replays at most `max_wal_size`; a slow disk may take its time. */
const readyTimeoutMs = 60_000;
const fastShutdownMs = 6000;
const immediateShutdownMs = 3000;
const lastLinesMax = 8;

/**
 * Small on purpose: this database holds who and what exists, not what vehicles report. What is written is flushed (`fsync` and
 * `full_page_writes` are on by default). Messages carry no values and no statements: they could be personal data.
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '64MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  max_parallel_workers_per_gather: '0',
  // A backup of the running cluster needs what `replica` writes, and a slot that keeps the log until it is copied; within bounds.
  wal_level: 'replica',
  max_wal_senders: '0',
  max_replication_slots: '2',
  max_slot_wal_keep_size: '4GB',
  huge_pages: 'off',
  jit: 'off',
  autovacuum_max_workers: '2',
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '',
  lc_messages: 'C',
};

export interface PostmasterOptions {
  readonly native: string;
  readonly cluster: string;
  readonly socketFolder: string;
  readonly runAs: RunAs | undefined;
  readonly logger: Logger;
}

export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process has ended, with why. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const argumentsOf = (options: PostmasterOptions): string[] => {
  const all = { ...settings, unix_socket_directories: options.socketFolder };
  return [
    '-D',
    dataFolderArgument(options.cluster),
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
};

/** Calls back with each whole line of a process's standard error. */
const eachLine = (child: ChildProcess, callback: (line: string) => void): void => {
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) callback(line);
  });
};

const logLine = (logger: Logger, line: string): void => {
  if (/^(FATAL|PANIC|WARNING):/.test(line)) logger.warn('PostgreSQL says', { line });
  else logger.debug('PostgreSQL says', { line });
};

const within = async (promise: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
};

/**
 * Starts the server and waits until it takes connections. In a session of its own: Ctrl-C in a terminal reaches us, and we stop it
 * after our own last transaction. Throws `unavailable` with its last words.
 */
export const startPostmaster = async (options: PostmasterOptions): Promise<Postmaster> => {
  const { logger } = options;
  const child = spawn(join(options.native, 'bin', 'postgres'), argumentsOf(options), {
    cwd: options.cluster,
    ...options.runAs,
    env: postgresEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const ended = Promise.withResolvers<string>();
  const ready = Promise.withResolvers<undefined>();
  const lastLines: string[] = [];
  eachLine(child, (line) => {
    logLine(logger, line);
    lastLines.push(line);
    if (lastLines.length > lastLinesMax) lastLines.shift();
    if (line.includes('database system is ready to accept connections')) ready.resolve(undefined);
  });
  child.on('error', (error) => ended.resolve(error.message));
  child.on('exit', (code, signal) => ended.resolve(`exit ${signal ?? code}`));
  // However this process ends by itself, the other one is told.
  const tellEnd = (): void => void child.kill('SIGINT');
  process.once('exit', tellEnd);
  void ended.promise.then(() => process.off('exit', tellEnd));

  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    if (await within(ended.promise, fastShutdownMs)) return;
    logger.warn('PostgreSQL does not stop: ending it at once');
    child.kill('SIGQUIT');
    if (await within(ended.promise, immediateShutdownMs)) return;
    child.kill('SIGKILL');
    await ended.promise;
  };
  const outcome = await Promise.race([
    within(ready.promise, readyTimeoutMs).then((isReady) => (isReady ? undefined : `not ready after ${readyTimeoutMs} ms`)),
    ended.promise,
  ]);
  if (outcome === undefined && child.pid !== undefined) return { pid: child.pid, ended: ended.promise, stop };
  if (child.pid !== undefined) await stop();
  throw new OperationalError('unavailable', `PostgreSQL did not start: ${outcome}; ${lastLines.join(' | ')}`);
};

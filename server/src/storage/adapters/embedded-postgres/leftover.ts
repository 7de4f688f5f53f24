import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Logger, OperationalError } from '../../../kernel/index.ts';

const fastShutdownMs = 5000;
const immediateShutdownMs = 3000;
const killMs = 2000;
const pollMs = 10;

export const socketFolderPrefix = 'milepost-pg-';

/** Lines of postmaster.pid (PostgreSQL 18, miscadmin.h). */
interface PidFile {
  readonly pid: number;
  readonly socketFolder: string | undefined;
}

export const readPidFile = async (cluster: string): Promise<PidFile | undefined> => {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? { pid, socketFolder: lines[4] || undefined } : undefined;
};

/** Every PostgreSQL process chdirs into its cluster and stays there: program and folder together tell that it is ours. */
const isOfCluster = async (pid: string, cluster: { readonly dev: number; readonly ino: number }): Promise<boolean> => {
  try {
    const program = basename((await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, ''));
    if (program !== 'postgres') return false;
    const folder = await stat(`/proc/${pid}/cwd`);
    return folder.dev === cluster.dev && folder.ino === cluster.ino;
  } catch {
    return false;
  }
};

const execute = promisify(execFile);

/** Without /proc (macOS): the program and the data folder that its command line names. */
const processesByCommandLine = async (cluster: string): Promise<number[]> => {
  const pid = (await readPidFile(cluster))?.pid;
  if (pid === undefined) return [];
  const { stdout } = await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(cluster) ? [pid] : [];
};

/** Ids of all PostgreSQL processes that work in this cluster, whoever started them. */
export const clusterProcesses = async (cluster: string): Promise<number[]> => {
  if (process.platform !== 'linux') return processesByCommandLine(cluster);
  const folder = await stat(cluster).catch(() => undefined);
  if (!folder) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const isOurs = await Promise.all(pids.map((pid) => isOfCluster(pid, folder)));
  return pids.filter((_, i) => isOurs[i]).map(Number);
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const allGone = async (cluster: string, withinMs: number): Promise<boolean> => {
  const until = performance.now() + withinMs;
  while ((await clusterProcesses(cluster)).length > 0) {
    if (performance.now() > until) return false;
    await delay(pollMs);
  }
  return true;
};

const endProcesses = async (cluster: string, postmaster: number | undefined): Promise<void> => {
  for (const [name, withinMs] of [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
    ['SIGKILL', killMs],
  ] as const) {
    const pids = await clusterProcesses(cluster);
    // The parent ends its children in order; children alone (their parent was killed) are asked themselves.
    const asked = postmaster !== undefined && pids.includes(postmaster) && name !== 'SIGKILL' ? [postmaster] : pids;
    for (const pid of asked) signal(pid, name);
    if (await allGone(cluster, withinMs)) return;
  }
  throw new OperationalError('unavailable', `a PostgreSQL that was left running in ${cluster} does not end`);
};

/** Removes a socket folder of ours; never anything that we did not put there. */
export const removeSocketFolder = async (folder: string | undefined): Promise<void> => {
  if (!folder || !basename(folder).startsWith(socketFolderPrefix) || dirname(folder) === folder) return;
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock']) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => {});
};

/**
 * Ends what a killed server left running in the cluster, and removes a pid file that names a process which is not ours
 * (numbers are given again, in a container nearly at once, and PostgreSQL would then refuse to start). The caller holds the
 * lock of the folder, so nothing found here belongs to a living server.
 */
export const stopLeftover = async (cluster: string, logger: Logger): Promise<void> => {
  const pidFile = await readPidFile(cluster);
  const pids = await clusterProcesses(cluster);
  if (pids.length > 0) {
    logger.warn('a PostgreSQL was left running by a server that was killed: ending it', { pids });
    await endProcesses(cluster, pidFile?.pid);
  }
  if (pidFile) {
    await rm(join(cluster, 'postmaster.pid'), { force: true });
    await removeSocketFolder(pidFile.socketFolder);
  }
};

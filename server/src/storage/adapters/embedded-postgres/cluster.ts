import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OperationalError } from '../../../kernel/index.ts';
import { fsyncFolder, keepSecretFile } from '../../secret-file.ts';
import { type RunAs, run } from './run.ts';

const initdbTimeoutMs = 120_000;
const majorVersion = 18;
/** The user `nobody`: root gives PostgreSQL to somebody who owns nothing else. */
export const nobody: RunAs = { uid: 65_534, gid: 65_534 };

export const loginRole = 'milepost_login';
export const databaseName = 'milepost';

/**
 * How PostgreSQL is told its data folder. Below a folder that only root can enter no absolute path works for another user, but
 * a working directory that is entered before the user is changed needs no way through its parents, and this link of Linux leads
 * to it. So the cluster always stays in the data folder.
 */
export const dataFolderArgument = (cluster: string): string => (process.platform === 'linux' ? '/proc/self/cwd' : cluster);

/** Root cannot run PostgreSQL: it runs as who owns the cluster already, else as nobody. */
export const chooseUser = async (cluster: string): Promise<RunAs | undefined> => {
  const uid = process.getuid?.();
  const owner = await stat(cluster).catch(() => undefined);
  if (uid !== 0) {
    if (owner && owner.uid !== uid) {
      throw new OperationalError(
        'unavailable',
        `${cluster} belongs to the user ${owner.uid}, this is ${uid}: start as the same user as before, or change its owner`,
      );
    }
    return undefined;
  }
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : nobody;
};

const ownedFolder = async (path: string, runAs: RunAs | undefined): Promise<void> => {
  await mkdir(path, { mode: 0o700 });
  if (runAs) await chown(path, runAs.uid, runAs.gid);
};

interface ClusterOptions {
  readonly native: string;
  readonly runAs: RunAs | undefined;
}

const runInside = async (
  folder: string,
  options: ClusterOptions,
  program: string,
  args: readonly string[],
  input?: string,
): Promise<void> => {
  const { code, output, error } = await run(join(options.native, 'bin', program), args, {
    runAs: options.runAs,
    cwd: folder,
    timeoutMs: initdbTimeoutMs,
    ...(input === undefined ? {} : { input }),
  });
  // Single-user mode exits with 0 even when a statement failed.
  if (code === 0 && !/^(?:\S+ \S+ \S+ \[\d+\] )?(?:ERROR|FATAL|PANIC):/m.test(output)) return;
  throw new OperationalError(
    'unavailable',
    `${program} failed in ${folder}: ${error?.message ?? output.trim().split('\n').slice(-6).join(' | ')}`,
    {
      cause: error ?? output,
    },
  );
};

const initdbArguments = [
  '--username=postgres',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth=reject',
  '--no-instructions',
] as const;

/** Only our role may connect, with its password; the superuser cannot at all. */
const hostBasedAccess = `local ${databaseName} ${loginRole} scram-sha-256\n`;

const makeCluster = async (folder: string, options: ClusterOptions): Promise<void> => {
  await runInside(folder, options, 'initdb', ['-D', dataFolderArgument(folder), ...initdbArguments]);
  await writeFile(join(folder, 'pg_hba.conf'), hostBasedAccess, { flush: true });
};

/** Single-user mode takes one statement a line and asks for no password, so the superuser needs none. */
const runAsSuperuser = (
  folder: string,
  options: ClusterOptions,
  statements: readonly string[],
  database = 'postgres',
): Promise<void> =>
  runInside(folder, options, 'postgres', ['--single', '-D', dataFolderArgument(folder), database], `${statements.join('\n')}\n`);

/** Says, inside a cluster, which rights its login was given: clusters of older versions get the missing ones at their next start. */
const grantsFile = 'milepost-grants';
const grantsVersion = '1';

/** What a backup of the running cluster needs: the two functions, and a slot that keeps the write-ahead log meanwhile. */
const backupGrants = [
  `alter role ${loginRole} replication`,
  `grant execute on function pg_catalog.pg_backup_start(text, boolean), pg_catalog.pg_backup_stop(boolean) to ${loginRole}`,
] as const;

const noteGrants = (folder: string): Promise<void> =>
  writeFile(join(folder, grantsFile), `${grantsVersion}\n`, { mode: 0o644, flush: true });

/** Rights to functions of the system are kept by database. */
const giveGrants = async (folder: string, options: ClusterOptions): Promise<void> => {
  const given = await readFile(join(folder, grantsFile), 'utf8').catch(() => '');
  if (given.trim() === grantsVersion) return;
  await runAsSuperuser(folder, options, backupGrants, databaseName);
  await noteGrants(folder);
};

const checkVersion = async (cluster: string): Promise<void> => {
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  if (version === String(majorVersion)) return;
  throw new OperationalError(
    'unavailable',
    `${cluster} was made by PostgreSQL ${version}, expected ${majorVersion}: move it by pg_dump and restore`,
  );
};

export interface PreparedCluster {
  readonly password: string;
}

/**
 * Makes the cluster if there is none: beside its place, then moved there, so a start that is killed leaves nothing half made.
 * A password file that is lost is written again.
 */
export const prepareCluster = async (
  cluster: string,
  passwordFile: string,
  options: ClusterOptions,
): Promise<PreparedCluster> => {
  const hadPassword = await lstat(passwordFile).then(
    () => true,
    () => false,
  );
  const password = await keepSecretFile(passwordFile, () => randomBytes(24).toString('base64url'));
  if (await stat(join(cluster, 'PG_VERSION')).catch(() => undefined)) {
    await checkVersion(cluster);
    if (!hadPassword) await runAsSuperuser(cluster, options, [`alter role ${loginRole} password '${password}'`]);
    await giveGrants(cluster, options);
    return { password };
  }
  const fresh = `${cluster}.new`;
  await rm(fresh, { recursive: true, force: true });
  await ownedFolder(fresh, options.runAs);
  await makeCluster(fresh, options);
  // In the database that the new one is a copy of, so that one run of PostgreSQL does it.
  const statements = [
    `create role ${loginRole} login createrole password '${password}'`,
    ...backupGrants,
    `create database ${databaseName} owner ${loginRole}`,
  ];
  await runAsSuperuser(fresh, options, statements, 'template1');
  await noteGrants(fresh);
  await rename(fresh, cluster);
  await fsyncFolder(dirname(cluster));
  return { password };
};

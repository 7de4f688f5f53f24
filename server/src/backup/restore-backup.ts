import { chown, lchown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CallerError, OperationalError } from '../kernel/index.ts';
import { copyFile, setMode, syncFolder } from './copy-file.ts';
import { clusterFolder, isNothing, ledgerFile, placingName, replacedPrefix, restoringName } from './data-folder-parts.ts';
import type { Manifest } from './types.ts';
import { verifyBackup } from './verify-backup.ts';

export interface RestoreOptions {
  readonly backup: string;
  /** The data folder; made when it is not there. The caller holds its lock. */
  readonly target: string;
  /** What is in the target is moved aside, into a folder inside of it. */
  readonly isForced: boolean;
  /** Who owns the folder of PostgreSQL; undefined: who restores. */
  readonly clusterOwner: { readonly uid: number; readonly gid: number } | undefined;
  /**
   * Joins the erasures of the backup with newer ones, into the folder that is about to become the data folder. Gets every ledger that
   * is known: of the backup, of the folder that is replaced, and one that was named.
   */
  readonly joinLedgers: (into: string, ledgers: readonly string[]) => Promise<void>;
  /** A ledger that is newer than the backup. */
  readonly ledger?: string;
  readonly nowMs: () => number;
  readonly progress?: (bytes: number) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where what was in the target lies now. */
  readonly replaced?: string;
}

const contentOf = async (target: string): Promise<string[]> =>
  (await readdir(target)).filter(
    (name) => !isNothing(name) && !name.startsWith(restoringName) && !name.startsWith(replacedPrefix),
  );

/** Copies into the staging folder. Each file is hashed once more on its way: a disk that fails now is noticed now. */
const copyInto = async (staging: string, manifest: Manifest, options: RestoreOptions): Promise<void> => {
  for (const folder of manifest.folders) await mkdir(path.join(staging, folder.path), { recursive: true, mode: 0o700 });
  for (const file of manifest.files) {
    const place = path.join(staging, file.path);
    const { sha256 } = await copyFile(path.join(options.backup, file.path), place, file.mode);
    if (sha256 !== file.sha256) throw new OperationalError('unavailable', `${file.path} changed while it was being restored`);
    // The mask of the process may have taken some away.
    await setMode(place, file.mode);
    options.progress?.(file.bytes);
  }
  for (const folder of manifest.folders.toReversed()) {
    await setMode(path.join(staging, folder.path), folder.mode);
    await syncFolder(path.join(staging, folder.path));
  }
};

const giveCluster = async (staging: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> => {
  const cluster = path.join(staging, clusterFolder);
  const entries = await readdir(cluster, { recursive: true }).catch(() => undefined);
  if (!entries) return;
  await chown(cluster, uid, gid);
  for (const entry of entries) await lchown(path.join(cluster, entry), uid, gid);
};

/** Moves the old content aside, then the new one in place, name by name: the target itself may be where a disk is mounted. */
const putInPlace = async (staging: string, options: RestoreOptions): Promise<string | undefined> => {
  const { target } = options;
  const old = await contentOf(target);
  const placing = path.join(target, placingName);
  await rename(staging, placing);
  await syncFolder(target);
  let replaced: string | undefined;
  if (old.length > 0) {
    replaced = path.join(target, `${replacedPrefix}${new Date(options.nowMs()).toISOString().replaceAll(':', '')}`);
    await mkdir(replaced, { mode: 0o700 });
    for (const name of old) await rename(path.join(target, name), path.join(replaced, name));
  }
  for (const name of await readdir(placing)) await rename(path.join(placing, name), path.join(target, name));
  await syncFolder(target);
  await rm(placing, { recursive: true });
  await syncFolder(target);
  return replaced;
};

/**
 * Puts a backup in place of a data folder. Everything is verified before the target is touched; until the last step, which only renames,
 * the target is as it was. One that is not empty is refused unless forced.
 */
export const restoreBackup = async (options: RestoreOptions): Promise<Restored> => {
  const { target, backup } = options;
  const manifest = await verifyBackup(backup, options.progress);
  await mkdir(target, { recursive: true });
  const old = await contentOf(target);
  if (old.length > 0 && !options.isForced)
    throw new CallerError(
      'bad_request',
      `${target} is not empty (${old.slice(0, 5).join(', ')}): name another folder, or add --force`,
    );
  const staging = path.join(target, restoringName);
  for (const name of [restoringName, placingName]) await rm(path.join(target, name), { recursive: true, force: true });
  await mkdir(staging, { mode: 0o700 });
  try {
    await copyInto(staging, manifest, options);
    const known = [path.join(backup, ledgerFile), path.join(target, ledgerFile), ...(options.ledger ? [options.ledger] : [])];
    await options.joinLedgers(path.join(staging, ledgerFile), known);
    if (options.clusterOwner) await giveCluster(staging, options.clusterOwner);
    await syncFolder(staging);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  const replaced = await putInPlace(staging, options);
  return { manifest, ...(replaced === undefined ? {} : { replaced }) };
};

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { CallerError, OperationalError } from '../kernel/index.ts';
import { syncFolder, writeNewFile } from './copy-file.ts';
import { manifestBytesMax } from './limits.ts';
import { type BackedUpFile, type BackedUpFolder, backupFormat, backupVersion, type Manifest } from './types.ts';

export const manifestName = 'manifest.json';
/** SHA-256 of the manifest: without it a changed digit in the manifest itself would not be seen. */
export const manifestSumName = 'manifest.sha256';

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The last step of a backup: one without a manifest is none. */
export const writeManifest = async (folder: string, manifest: Manifest): Promise<void> => {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  await writeNewFile(path.join(folder, manifestName), text, 0o600);
  await writeNewFile(path.join(folder, manifestSumName), `${sumOf(text)}\n`, 0o600);
  await syncFolder(folder);
};

/** A path of a manifest leads into the folder and to nowhere else. */
export const isInside = (name: string): boolean =>
  name !== '' && !path.posix.isAbsolute(name) && path.posix.normalize(name) === name && !name.split('/').includes('..');

const isFile = (file: BackedUpFile): boolean =>
  isInside(file.path) && Number.isSafeInteger(file.bytes) && /^[0-9a-f]{64}$/.test(file.sha256) && Number.isInteger(file.mode);

/** What was read may be anything. */
type Unchecked = { readonly [Key in keyof Manifest]?: unknown };

const isList = <T>(value: unknown, isItem: (item: T) => boolean): boolean =>
  Array.isArray(value) && (value as T[]).every((item) => typeof item === 'object' && item !== null && isItem(item));

const check = (manifest: Unchecked, folder: string): void => {
  if (manifest.format !== backupFormat) throw new CallerError('bad_request', `${folder} is no backup of Milepost`);
  if (manifest.version !== backupVersion) {
    throw new CallerError(
      'bad_request',
      `${folder} is a backup of version ${String(manifest.version)}; this program reads version ${backupVersion}`,
    );
  }
  const isFolder = (one: BackedUpFolder): boolean => isInside(one.path) && Number.isInteger(one.mode);
  if (!isList(manifest.files, isFile) || !isList(manifest.folders, isFolder))
    throw new OperationalError('unavailable', `${path.join(folder, manifestName)} names files as none does`);
};

/** Throws with what is wrong when there is no whole manifest. */
export const readManifest = async (folder: string): Promise<Manifest> => {
  const file = path.join(folder, manifestName);
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new CallerError('bad_request', `${folder} is no backup, or one that was cut off: it has no ${manifestName}`);
  if (found.size > manifestBytesMax) throw new OperationalError('unavailable', `${file} has ${found.size} bytes`);
  const text = await readFile(file, 'utf8');
  const sum = await readFile(path.join(folder, manifestSumName), 'utf8').catch(() => '');
  if (sum.trim() !== sumOf(text))
    throw new OperationalError('unavailable', `${file} is damaged: its SHA-256 is not the one in ${manifestSumName}`);
  const manifest = JSON.parse(text) as Unchecked;
  check(manifest, folder);
  return manifest as Manifest;
};

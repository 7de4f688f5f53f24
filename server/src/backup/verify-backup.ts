import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OperationalError } from '../kernel/index.ts';
import { hashFile } from './copy-file.ts';
import { findingsListedMax } from './limits.ts';
import { readManifest } from './manifest.ts';
import type { BackedUpFile, Manifest } from './types.ts';

const findingOf = async (folder: string, file: BackedUpFile): Promise<string | undefined> => {
  const place = path.join(folder, file.path);
  const found = await stat(place).catch(() => undefined);
  if (!found?.isFile()) return `${file.path} is missing`;
  if (found.size !== file.bytes) return `${file.path} has ${found.size} bytes, expected ${file.bytes}`;
  const { sha256 } = await hashFile(place);
  return sha256 === file.sha256 ? undefined : `${file.path} is damaged: its SHA-256 is ${sha256}, expected ${file.sha256}`;
};

/** Reads every file of a backup and compares it with the manifest; throws with all that is wrong. */
export const verifyBackup = async (folder: string, progress: (bytes: number) => void = () => {}): Promise<Manifest> => {
  const manifest = await readManifest(folder);
  const findings: string[] = [];
  for (const file of manifest.files) {
    const finding = await findingOf(folder, file);
    if (finding !== undefined) findings.push(finding);
    progress(file.bytes);
  }
  if (findings.length === 0) return manifest;
  const listed = findings.slice(0, findingsListedMax).join('; ');
  const more = findings.length > findingsListedMax ? `; and ${findings.length - findingsListedMax} more` : '';
  throw new OperationalError('unavailable', `the backup ${folder} is damaged: ${listed}${more}`);
};

import { chmod, chown, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OperationalError } from '../../../kernel/index.ts';
import { socketFolderPrefix } from './leftover.ts';
import type { RunAs } from './run.ts';

/** Longest path of a socket: 107 bytes on Linux, 103 on macOS. */
const socketPathBytesMax = 103;
const fits = (parent: string): boolean =>
  Buffer.byteLength(join(parent, `${socketFolderPrefix}XXXXXX`, '.s.PGSQL.5432')) <= socketPathBytesMax;

/** True when the user may pass through every folder from the root down to this one. */
export const isReachable = async (path: string, runAs: RunAs | undefined): Promise<boolean> => {
  if (!runAs) return true;
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (!found) return false;
    const shift = found.uid === runAs.uid ? 6 : found.gid === runAs.gid ? 3 : 0;
    if (((found.mode >> shift) & 1) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

/** A new private folder whose socket path is short enough, wherever the data folder lies. */
export const makeSocketFolder = async (runAs: RunAs | undefined): Promise<string> => {
  const parents = [...new Set([tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm'])];
  for (const parent of parents) {
    if (!fits(parent) || !(await isReachable(parent, runAs))) continue;
    const folder = await mkdtemp(join(parent, socketFolderPrefix)).catch(() => undefined);
    if (!folder) continue;
    await chmod(folder, 0o700);
    if (runAs) await chown(folder, runAs.uid, runAs.gid);
    return folder;
  }
  throw new OperationalError(
    'unavailable',
    `no folder for the socket of PostgreSQL: none of ${parents.join(', ')} is short, writable and in reach`,
  );
};

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Prerequisite } from '../scenario.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Takes so much room, or what is left. */
  take(bytes: number): void;
  /** Gives back what `take` took. */
  free(): void;
  remove(): void;
}

const run = (command: string, ...args: string[]): void => void execFileSync(command, args, { stdio: 'pipe' });

/** A file system in memory of a given size. */
export const makeSmallDisk = (bytes: number): SmallDisk => {
  const folder = mkdtempSync(path.join(tmpdir(), 'milepost-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    take: (wanted) => {
      for (let taken = 0, size = wanted; size >= 1 && taken < wanted; size = Math.min(Math.floor(size / 2), wanted - taken)) {
        try {
          appendFileSync(ballast, new Uint8Array(size));
          taken += size;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove: () => {
      run('umount', '-l', folder);
      rmSync(folder, { recursive: true });
    },
  };
};

/** A data folder of which one folder lies on a small disk of its own. */
export const dataWithSmall = (disk: SmallDisk, name: 'journal' | 'history'): string => {
  const data = mkdtempSync(path.join(tmpdir(), 'milepost-e2e-'));
  mkdirSync(path.join(disk.folder, name));
  symlinkSync(path.join(disk.folder, name), path.join(data, name));
  return data;
};

export const mayMount: Prerequisite = {
  missing: () => {
    try {
      makeSmallDisk(4096 * 16).remove();
      return undefined;
    } catch (error) {
      return `no file system may be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`;
    }
  },
};

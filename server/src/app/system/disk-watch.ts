import { statfs } from 'node:fs/promises';
import type { DataFolderPart } from '@milepost/contract/api';
import type { Clock, Logger } from '../../kernel/index.ts';
import { repeat } from '../repeat.ts';
import { FolderGrowth, type Growth } from './folder-growth.ts';
import { measureFolder } from './measure-folder.ts';

/** The data folder is measured so often by itself; for who asks, if the last measure is older than that. */
const measureEveryMs = 600_000;
const staleAfterMs = 30_000;
/** What comes and goes is no growth. */
const passing: readonly DataFolderPart[] = ['exports', 'replaced'];

export interface DiskFigures {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly measuredAtMs: number;
  readonly parts: ReadonlyMap<DataFolderPart, number>;
  readonly growth: Growth;
}

export interface DiskWatch {
  /** Free space as of now; the parts as of the last measure. */
  read(): Promise<DiskFigures>;
  close(): void;
}

export interface DiskWatchOptions {
  /** The data folder. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Measure = Pick<DiskFigures, 'measuredAtMs' | 'parts'> & { readonly steadyMs: number };

/** Watches how large a data folder is and how fast it grows. */
export const watchDisk = ({ root, clock, logger }: DiskWatchOptions): DiskWatch => {
  const growth = new FolderGrowth();
  let last: Measure | undefined;
  let measuring: Promise<Measure> | undefined;
  const measure = async (): Promise<Measure> => {
    const parts = await measureFolder(root);
    const steadyMs = clock.steady();
    const lasting = [...parts].filter(([part]) => !passing.includes(part)).reduce((sum, [, bytes]) => sum + bytes, 0);
    growth.add(steadyMs, lasting);
    last = { measuredAtMs: clock.now(), steadyMs, parts };
    return last;
  };
  const shared = (): Promise<Measure> => {
    measuring ??= measure().finally(() => {
      measuring = undefined;
    });
    return measuring;
  };
  const measureNow = (): void => {
    shared().catch((error: unknown) => logger.warn('the data folder could not be measured', { error }));
  };
  measureNow();
  const stop = repeat(clock, measureEveryMs, measureNow);
  return {
    read: async () => {
      const isFresh = last !== undefined && clock.steady() - last.steadyMs < staleAfterMs;
      const { measuredAtMs, parts } = last && isFresh ? last : await shared();
      const { bavail, blocks, bsize } = await statfs(root);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, measuredAtMs, parts, growth: growth.read() };
    },
    close: stop,
  };
};

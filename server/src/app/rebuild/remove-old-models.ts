import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { movedAsideAt } from '../swap-folder.ts';
import { oldModelsKeptMs } from './limits.ts';

/** Removes what rebuilds moved aside long enough ago: it still holds what was erased since. */
export const removeOldModels = async (root: string, nowMs: number): Promise<void> => {
  for (const name of await readdir(root)) {
    const movedMs = movedAsideAt(name);
    if (movedMs !== undefined && nowMs - movedMs > oldModelsKeptMs)
      await rm(path.join(root, name), { recursive: true, force: true });
  }
};

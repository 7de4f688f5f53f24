import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ledgerFile, placingName } from '../backup/index.ts';
import { OperationalError } from '../kernel/index.ts';
import { finishSwap } from './swap-folder.ts';

/** Where everything of one data folder lies. docs/architecture.md lists it. */
export interface DataFolder {
  readonly root: string;
  readonly journal: string;
  readonly history: string;
  readonly live: string;
  /** Files of exports under way; emptied at the start. */
  readonly exports: string;
  readonly secrets: string;
  /** What was erased; a file. */
  readonly ledger: string;
}

export const openDataFolder = async (root: string): Promise<DataFolder> => {
  const absolute = path.resolve(root);
  const folder = (name: string): string => path.join(absolute, name);
  const folders = {
    root: absolute,
    journal: folder('journal'),
    history: folder('history'),
    live: folder('live'),
    exports: folder('exports'),
    secrets: folder('secrets'),
    ledger: folder(ledgerFile),
  };
  if (await stat(folder(placingName)).catch(() => undefined))
    throw new OperationalError('unavailable', `a restore of ${absolute} was cut off half-way: run it again with --force`);
  await finishSwap(absolute);
  for (const one of [folders.root, folders.journal, folders.history, folders.live]) await mkdir(one, { recursive: true });
  await mkdir(folders.secrets, { recursive: true, mode: 0o700 });
  return folders;
};

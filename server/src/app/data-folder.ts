import { mkdir, rm, stat } from 'node:fs/promises';
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
  /** Files of reports that were made by schedule. */
  readonly reports: string;
  readonly secrets: string;
  /** Mails to people, where there is no SMTP server. */
  readonly mail: string;
  /** What was erased; a file. */
  readonly ledger: string;
  /** Records that could not be applied; a file. */
  readonly deadLetters: string;
}

export const dataFolderAt = (root: string): DataFolder => {
  const absolute = path.resolve(root);
  const folder = (name: string): string => path.join(absolute, name);
  return {
    root: absolute,
    journal: folder('journal'),
    history: folder('history'),
    live: folder('live'),
    exports: folder('exports'),
    reports: folder('reports'),
    secrets: folder('secrets'),
    mail: folder('mail'),
    ledger: folder(ledgerFile),
    deadLetters: folder('dead-letters.ndjson'),
  };
};

/** For whoever holds the lock: finishes what was cut off, and makes what is missing. */
export const openDataFolder = async (root: string): Promise<DataFolder> => {
  const folders = dataFolderAt(root);
  const absolute = folders.root;
  if (await stat(path.join(absolute, placingName)).catch(() => undefined))
    throw new OperationalError('unavailable', `a restore of ${absolute} was cut off half-way: run it again with --force`);
  await finishSwap(absolute);
  // What a rebuild left that was cut off: nothing needs it.
  for (const name of ['history', 'live']) await rm(path.join(absolute, `${name}.rebuild`), { recursive: true, force: true });
  for (const one of [folders.root, folders.journal, folders.history, folders.live]) await mkdir(one, { recursive: true });
  await mkdir(folders.secrets, { recursive: true, mode: 0o700 });
  return folders;
};

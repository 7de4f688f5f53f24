import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from './hash-files.mjs';
import { root } from './root.mjs';

/** Folders with sources. */
export const sourceFolders = ['contract', 'server', 'sdk', 'simulator', 'web', 'bench', 'e2e', 'tools'];

/** Every source file of the project, tests included. */
export const sourceFiles = () => [
  join(root, 'milepost.mjs'),
  join(root, 'start.mjs'),
  ...sourceFolders
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      filesBelow(folder, (path) => path === join(root, 'simulator', 'data') || path === join(root, 'web', 'public')),
    )
    .filter((path) => /\.(ts|mjs|vue)$/.test(path)),
];

import { realpathSync } from 'node:fs';
import { ensureInstalled } from '../ensure.mjs';
import { runInForeground } from './processes.mjs';
import { root } from './root.mjs';

/**
 * Runs `main` when this process is the project's Node; otherwise runs the same command line again under it.
 * @param {() => number | Promise<number>} main
 * @returns {Promise<number>} exit code
 */
export const underOwnNode = async (main) => {
  const node = ensureInstalled();
  if (realpathSync(node) === realpathSync(process.execPath)) return main();
  return runInForeground([{ command: node, args: process.argv.slice(1), cwd: root, env: process.env }]);
};

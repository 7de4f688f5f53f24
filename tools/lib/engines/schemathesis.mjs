import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensurePythonModule } from './python-module.mjs';

/** Asks an API what its own description allows, and what it does not. To be run with `runSchemathesis`. */
export const ensureSchemathesis = () => ensurePythonModule('schemathesis-4.32.5');

/**
 * Runs it; answers whether it found anything, and what it printed.
 * @param {string} path of `ensureSchemathesis`
 * @param {{ folder: string, args: readonly string[] }} run in which folder, with what
 * @returns {Promise<{ isClean: boolean, text: string }>}
 */
export const runSchemathesis = async (path, { folder, args }) => {
  const env = { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  const program = 'from schemathesis.cli import schemathesis; schemathesis()';
  const child = spawn('python3', ['-c', program, 'run', ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part));
  const [status] = await once(child, 'close');
  return { isClean: status === 0, text };
};

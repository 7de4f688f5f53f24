// Runs a file of the project under its own Node: node tools/run.mjs <file> [arguments]
import { EnsureError, ensureInstalled, runMain } from './ensure.mjs';
import { runInForeground } from './lib/processes.mjs';

await runMain(() => {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) throw new EnsureError('usage: node tools/run.mjs <file> [arguments]');
  return runInForeground([{ command: ensureInstalled(), args: [file, ...args], cwd: process.cwd(), env: process.env }]);
});

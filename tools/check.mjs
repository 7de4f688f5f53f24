// Everything that can be said about the sources without running them: npm run check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runMain } from './ensure.mjs';
import { runToEnd } from './lib/processes.mjs';
import { root } from './lib/root.mjs';
import { sourceFolders } from './lib/source-files.mjs';
import { formatTable } from './lib/table.mjs';
import { underOwnNode } from './lib/under-own-node.mjs';

/** A step that takes longer than this hangs. */
const stepBudgetMs = 300_000;

const modules = join(root, 'node_modules');
const compiler = join(modules, 'typescript-native', 'bin', 'tsc');
const presentFolders = sourceFolders.filter((folder) => existsSync(join(root, folder, 'package.json')) || folder === 'tools');

/** @typedef {{ name: string, cwd?: string, args: string[] }} Step arguments of Node */

/** @type {Step[]} */
const steps = [
  { name: 'types', args: [compiler, '-p', 'tsconfig.json'] },
  { name: 'types of tools', args: [compiler, '-p', 'tools/tsconfig.json'] },
  { name: 'types of web', cwd: 'web', args: [join(modules, 'vue-tsc', 'bin', 'vue-tsc.js'), '--noEmit'] },
  { name: 'lint', args: [join(modules, 'oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings', '.'] },
  { name: 'format', args: [join(modules, '@biomejs', 'biome', 'bin', 'biome'), 'format', '--reporter=summary', '.'] },
  {
    name: 'imports',
    args: [
      join(modules, 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs'),
      '-c',
      '.dependency-cruiser.mjs',
      ...presentFolders,
    ],
  },
  { name: 'lengths', args: ['tools/ratchet.mjs'] },
];

/** The type configuration of web/ is generated; lint and vue-tsc need it. */
const prepareWeb = () =>
  runToEnd(process.execPath, [join(modules, '@quasar', 'app-vite', 'bin', 'quasar.js'), 'prepare', '--silent'], {
    cwd: join(root, 'web'),
  });

/** @param {Step} step */
const runStep = async ({ name, cwd = '.', args }) => {
  const outcome = await runToEnd(process.execPath, args, { cwd: join(root, cwd), budgetMs: stepBudgetMs });
  return { name, isPassed: outcome.code === 0, output: outcome.output.trim(), seconds: outcome.seconds };
};

/** Steps run two at a time: each is itself a process, and most use one core. */
const stepsAtOnce = 2;

/** @param {readonly Step[]} queue */
const runAll = async (queue) => {
  /** @type {Awaited<ReturnType<typeof runStep>>[]} */
  const results = [];
  const waiting = [...queue.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await runStep(next[1]);
  };
  await Promise.all(Array.from({ length: stepsAtOnce }, worker));
  return results;
};

await runMain(() =>
  underOwnNode(async () => {
    if (!existsSync(join(root, 'web', '.quasar', 'tsconfig.json'))) {
      const prepared = await prepareWeb();
      if (prepared.code !== 0) process.stdout.write(prepared.output);
    }
    const results = await runAll(steps);
    for (const { name, isPassed, output } of results) if (!isPassed) process.stdout.write(`--- ${name}\n${output}\n\n`);
    const rows = results.map(({ name, isPassed, seconds }) => [name, isPassed ? 'ok' : 'failed', seconds.toFixed(1)]);
    process.stdout.write(`${formatTable(['check', 'result', 'seconds'], rows)}\n`);
    return results.every(({ isPassed }) => isPassed) ? 0 : 1;
  }),
);

// Starts Milepost with nothing but Node ≥ 20 and npm: see `npm start -- --help`.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EnsureError, ensureInstalled, ensureWebBuilt, runMain } from './tools/ensure.mjs';
import { runInForeground } from './tools/lib/processes.mjs';
import { root } from './tools/lib/root.mjs';
import { serverArguments } from './tools/lib/server-arguments.mjs';

const help = `npm start                 a demo: real trips, replayed now (data in data/demo)
npm start -- --empty      without the demo, ready for a first device (data/empty)
npm run serve             the bare server, never demo data (data/serve)
npm run serve -- --roles gateway,projector,api
                          only some of its work, in a cluster: docs/operate/cluster.md
npm run dev               the demo; server and web app follow changes of the source
Settings are environment variables: docs/configuration.md`;

/** @typedef {'demo' | 'empty' | 'serve'} Mode */

const readArguments = () => {
  try {
    const { values } = parseArgs({
      options: {
        empty: { type: 'boolean' },
        serve: { type: 'boolean' },
        dev: { type: 'boolean' },
        help: { type: 'boolean' },
        roles: { type: 'string' },
      },
    });
    if (values.empty && values.serve) throw new Error('--empty and --serve exclude each other');
    const mode = /** @type {Mode} */ (values.serve ? 'serve' : values.empty ? 'empty' : 'demo');
    if (values.roles !== undefined && mode !== 'serve') throw new Error('--roles goes with `npm run serve`');
    return { mode, isDev: values.dev === true, wantsHelp: values.help === true, roles: values.roles };
  } catch (error) {
    throw new EnsureError(`${/** @type {Error} */ (error).message}\n\n${help}`);
  }
};

/** The port that server and development server agree on when neither was told: the server cannot choose it, vite must know it. */
const developmentPort = '8080';

await runMain(async () => {
  const { mode, isDev, wantsHelp, roles } = readArguments();
  if (wantsHelp) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const node = ensureInstalled();
  if (!isDev) ensureWebBuilt();
  const env = {
    ...process.env,
    MILEPOST_DATA: resolve(process.env['MILEPOST_DATA'] || `${root}/data/${mode}`),
    ...(roles === undefined ? {} : { MILEPOST_ROLES: roles }),
  };
  const main = [...serverArguments(), 'server/src/app/main.ts', `--mode=${mode}`];
  if (!isDev) return runInForeground([{ command: node, args: main, cwd: root, env }]);

  const devEnv = { ...env, MILEPOST_PORT: process.env['MILEPOST_PORT'] || developmentPort };
  return runInForeground([
    { command: node, args: ['--watch', ...main], cwd: root, env: devEnv },
    { command: 'npm', args: ['run', 'dev', '--workspace', 'web'], cwd: root, env: devEnv },
  ]);
});

#!/usr/bin/env node
// One name for what an operator runs: npx milepost <command> [arguments]
import { join } from 'node:path';
import { root } from './tools/lib/root.mjs';

/** What each command starts: the same as `npm run <command> --`. */
const commands = /** @type {const} */ ({
  serve: ['start.mjs', '--serve'],
  plan: ['tools/run.mjs', 'server/src/app/plan/plan-main.ts'],
  'kafka-topics': ['tools/run.mjs', 'server/src/app/kafka-topics-main.ts'],
  'cassandra-schema': ['tools/run.mjs', 'server/src/app/cassandra-schema-main.ts'],
});

const usage = `milepost serve [--roles gateway,projector,api]   the server, or a part of its work
milepost plan --vehicles <n> --reports-a-minute <n>
                                                how large a cluster has to be
milepost kafka-topics …, milepost cassandra-schema …
                                                what a cluster needs before its first start
Each is \`npm run <command> -- …\` as well. docs/operate/cluster.md`;

const [name = '', ...args] = process.argv.slice(2);
if (name === '--help' || name === 'help') process.stdout.write(`${usage}\n`);
else if (!Object.hasOwn(commands, name)) {
  process.stderr.write(
    `milepost: ${name === '' ? 'no command' : `${name} is no command`}, expected one of ${Object.keys(commands).join(', ')}\n\n${usage}\n`,
  );
  process.exitCode = 1;
} else {
  const [file, ...first] = commands[/** @type {keyof typeof commands} */ (name)];
  process.argv.splice(2, process.argv.length, ...first.map((part) => (part.endsWith('.ts') ? join(root, part) : part)), ...args);
  await import(`./${file}`);
}

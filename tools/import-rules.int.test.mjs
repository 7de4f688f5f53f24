import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from './lib/root.mjs';

const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

/**
 * Which rules a small project breaks.
 * @param {Record<string, string>} files
 * @returns {string[]}
 */
const brokenRules = (files) => {
  const project = mkdtempSync(join(tmpdir(), 'imports-'));
  try {
    for (const name of ['tsconfig.json', 'tsconfig.base.json', '.dependency-cruiser.mjs'])
      cpSync(join(root, name), join(project, name));
    const all = {
      'package.json': '{ "dependencies": { "pg": "1" } }',
      'node_modules/pg/package.json': '{ "main": "pg.js" }',
      'node_modules/pg/pg.js': '',
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(project, name)), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    const folders = [...new Set(Object.keys(files).map((name) => name.split('/')[0] ?? ''))];
    const { stdout, stderr } = spawnSync(process.execPath, [cruiser, '--output-type', 'json', ...folders], {
      cwd: project,
      encoding: 'utf8',
    });
    assert.ok(stdout.startsWith('{'), stderr);
    const { summary } = JSON.parse(stdout);
    return [...new Set(summary.violations.map((/** @type {{ rule: { name: string } }} */ { rule }) => rule.name))];
  } finally {
    rmSync(project, { recursive: true });
  }
};

const value = 'export const a = 1;';
const use = (/** @type {string} */ path) => `import { a } from '${path}';\nexport const b = a;`;
const useType = (/** @type {string} */ path) => `import type { a } from '${path}';\nexport type b = typeof a;`;
const server = 'server/src';

/** @type {[string, Record<string, string>, string[]][]} */
const cases = [
  [
    'down the layers, through the door',
    { [`${server}/kernel/index.ts`]: value, [`${server}/ingest/x.ts`]: use('../kernel/index.ts') },
    [],
  ],
  [
    'up the layers',
    { [`${server}/live/index.ts`]: value, [`${server}/kernel/x.ts`]: use('../live/index.ts') },
    ['layer-0-kernel'],
  ],
  [
    'up the layers, types alone',
    { [`${server}/live/index.ts`]: value, [`${server}/kernel/x.ts`]: useType('../live/index.ts') },
    ['layer-0-kernel'],
  ],
  [
    'beside, in the same layer',
    { [`${server}/live/index.ts`]: value, [`${server}/ingest/x.ts`]: use('../live/index.ts') },
    ['layer-7-ingest'],
  ],
  [
    'past the door',
    { [`${server}/kernel/deep.ts`]: value, [`${server}/live/x.ts`]: use('../kernel/deep.ts') },
    ['through-the-door'],
  ],
  ['the own door', { [`${server}/live/index.ts`]: value, [`${server}/live/x.ts`]: use('./index.ts') }, ['not-the-own-door']],
  ['a cycle', { [`${server}/live/x.ts`]: use('./y.ts'), [`${server}/live/y.ts`]: use('./x.ts') }, ['no-cycles']],
  ['a driver in a store', { [`${server}/registry/store.ts`]: "import 'pg';\nimport 'node:sqlite';" }, []],
  ['a driver elsewhere', { [`${server}/registry/x.ts`]: "import 'pg';" }, ['drivers-in-adapters']],
  ['SQLite elsewhere', { [`${server}/history/x.ts`]: "import 'node:sqlite';" }, ['drivers-in-adapters']],
  [
    'an adapter chosen in app/',
    { [`${server}/history/adapters/sqlite/open.ts`]: value, [`${server}/app/x.ts`]: use('../history/adapters/sqlite/open.ts') },
    [],
  ],
  [
    'an adapter chosen elsewhere',
    { [`${server}/history/adapters/sqlite/open.ts`]: value, [`${server}/history/x.ts`]: use('./adapters/sqlite/open.ts') },
    ['adapters-from-app'],
  ],
  ['Node in the contract', { 'contract/src/x.ts': "import 'node:fs';" }, ['contract-in-the-browser']],
  [
    'the server in the contract',
    { [`${server}/kernel/index.ts`]: value, 'contract/src/x.ts': use('../../server/src/kernel/index.ts') },
    ['contract-alone'],
  ],
  [
    'the server in the web app, from a component',
    {
      [`${server}/kernel/index.ts`]: value,
      'web/src/x.vue': `<script setup lang="ts">\nimport { a } from '../../server/src/kernel/index.ts';\nconst b = a;\n</script>\n<template>{{ b }}</template>`,
    },
    ['web-workspaces'],
  ],
  [
    'the server in the simulator',
    { [`${server}/kernel/index.ts`]: value, 'simulator/src/x.ts': use('../../server/src/kernel/index.ts') },
    ['simulator-workspaces'],
  ],
  ['an import that leads nowhere', { [`${server}/live/x.ts`]: use('./missing.ts') }, ['resolvable']],
];

for (const [title, files, expected] of cases) {
  test(`import rules: ${title}`, () => assert.deepEqual(brokenRules(files), expected));
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './lib/root.mjs';

/** @param {readonly string[]} args */
const run = (...args) =>
  spawnSync(process.execPath, [join(root, 'milepost.mjs'), ...args], { cwd: root, encoding: 'utf8', timeout: 60_000 });

test('a command that does not exist is refused with those that do', () => {
  const { status, stderr } = run('plain');
  assert.equal(status, 1);
  assert.match(stderr, /^milepost: plain is no command, expected one of serve, plan, kafka-topics, cassandra-schema\n/);
  assert.match(run().stderr, /^milepost: no command, expected/);
});

test('its help names each command', () => {
  const { status, stdout } = run('--help');
  assert.equal(status, 0);
  for (const name of ['serve', 'plan', 'kafka-topics', 'cassandra-schema']) assert.ok(stdout.includes(`milepost ${name}`), name);
});

test('arguments are handed on, and so is how it ended', () => {
  const wrong = run('plan', '--vehicles', 'many', '--reports-a-minute', '50000');
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /^--vehicles is many, expected a whole number from 1/);
  const { status, stdout } = run('plan', '--vehicles', '50000', '--reports-a-minute', '50000', '--json');
  assert.equal(status, 0);
  assert.equal(JSON.parse(stdout).wanted.vehicles, 50_000);
  const refused = run('serve', '--rolls', 'gateway');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /--rolls/);
});

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { runTier } from './run-tier.mjs';

const unit = /** @type {const} */ ({
  name: 'unit',
  suffix: /x/,
  budgetMs: 20_000,
  lingerMs: 60_000,
  isolation: 'none',
  filesAtOnce: 1,
});
const integration = /** @type {const} */ ({ ...unit, name: 'integration', isolation: 'process' });

const head =
  "import { test } from 'node:test'; import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';\n";

/**
 * @param {import('./tiers.mjs').Tier} tier
 * @param {string[]} texts of test files
 * @param {(folder: string, result: import('./run-tier.mjs').TierResult) => void | Promise<void>} look
 */
const withRun = async (tier, texts, look) => {
  const folder = mkdtempSync(join(tmpdir(), 'run-tier-'));
  try {
    const files = texts.map((text, i) => {
      const path = join(folder, `${i}.test.mjs`);
      writeFileSync(path, head + text.replaceAll('FOLDER', folder));
      return path;
    });
    await look(folder, await runTier(tier, files));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const good = "test('good', () => {});";
const bad = "test('bad', () => { throw new Error('boom'); });";
const endless = "test('quick', () => {}); test('endless', () => { for (;;); });";
const quits = "test('quits', () => process.exit(3));";
const leaves = `test('leaves', () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'ignore' });
  writeFileSync('FOLDER/pid', String(child.pid));
  child.unref();
});`;

for (const tier of [unit, integration]) {
  test(`${tier.isolation}: passed and failed tests are counted, failures are shown in full`, () =>
    withRun(tier, [good, bad], (_, { passed, failures }) => {
      assert.equal(passed, 1);
      assert.equal(failures.length, 1);
      assert.match(failures[0] ?? '', /bad[^]*Error: boom[^]*1\.test\.mjs/);
    }));

  test(`${tier.isolation}: a test that never ends is ended with its budget and is a failure`, () =>
    withRun({ ...tier, budgetMs: 1_000 }, [endless], (_, { failures, seconds }) => {
      assert.match(failures.join(), /took longer than its 1 s/);
      assert.ok(seconds < 15, `took ${seconds} s`);
    }));

  test(`${tier.isolation}: a process that quits in the middle is a failure`, () =>
    withRun(tier, [quits], (_, { failures }) => assert.equal(failures.length, 1)));

  test(`${tier.isolation}: a module that cannot be loaded is a failure`, () =>
    withRun(tier, ["import './missing.mjs';"], (_, { failures }) => {
      assert.equal(failures.length, 1);
      assert.match(failures[0] ?? '', /missing\.mjs/);
    }));
}

test('a file that goes on after its tests is named when the budget is used up', () =>
  withRun({ ...integration, budgetMs: 3_000 }, [`${good} setInterval(() => {}, 1e6);`, good], (_, { failures }) => {
    assert.match(failures.join(), /during: .*0\.test\.mjs/);
    assert.doesNotMatch(failures.join(), /during: .*1\.test\.mjs/);
  }));

test('a file that goes on after its tests is ended, is a failure, and those after it run', () =>
  withRun({ ...integration, lingerMs: 500 }, [`${good} setInterval(() => {}, 1e6);`, good], (_, { passed, failures }) => {
    assert.equal(passed, 2);
    assert.equal(failures.length, 1);
    assert.match(failures.join(), /0\.test\.mjs[^]*500 ms after the last test something still keeps the process: .*Timeout/);
  }));

test('a file without tests is a failure', () =>
  withRun(integration, ['export {};'], (_, { passed, failures }) => {
    assert.equal(passed, 0);
    assert.match(failures.join(), /has no test/);
  }));

test(
  'a process that a test left behind is ended and named',
  { skip: existsSync('/proc/self/environ') ? false : 'no /proc here' },
  () =>
    withRun(integration, [leaves], async (folder, { passed, notes }) => {
      assert.equal(passed, 1);
      assert.match(notes.join(), /left a process behind: .*setInterval/);
      const pid = readFileSync(join(folder, 'pid'), 'utf8');
      // It was told to end; on a busy machine it takes a moment.
      const hasEnded = () => !existsSync(`/proc/${pid}`) || /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      for (let look = 0; look < 500 && !hasEnded(); look++) await setTimeout(10);
      assert.ok(hasEnded(), 'still running');
    }),
);

test('settings of the person at the keyboard do not reach the tests', async () => {
  process.env['MILEPOST_DATA'] = '/somewhere';
  try {
    const text = "test('clean', () => { if (process.env.MILEPOST_DATA) throw new Error(process.env.MILEPOST_DATA); });";
    await withRun(unit, [text], (_, { passed }) => assert.equal(passed, 1));
  } finally {
    delete process.env['MILEPOST_DATA'];
  }
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { root } from './root.mjs';

/**
 * Runs a text as a program in the foreground, as start.mjs runs the server, and hands over its lines.
 * @param {string} program
 * @param {(parent: import('node:child_process').ChildProcess, lines: AsyncIterator<string>) => Promise<void>} act
 */
const inForeground = async (program, act) => {
  const folder = mkdtempSync(join(tmpdir(), 'processes-'));
  try {
    writeFileSync(join(folder, 'child.mjs'), program);
    const start = `import { runInForeground } from '${root}/tools/lib/processes.mjs';
      process.exitCode = await runInForeground([{ command: process.execPath, args: ['${folder}/child.mjs'], cwd: '/', env: process.env }]);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', start], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    try {
      await act(parent, lines);
    } finally {
      parent.kill('SIGKILL');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** @param {AsyncIterator<string>} lines */
const next = async (lines) => String((await lines.next()).value);

/** @param {number} pid */
const isRunning = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** @param {() => boolean} condition */
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

const polite = `process.on('SIGTERM', () => { console.log('ending'); process.exit(0); }); setInterval(() => {}, 1e6); console.log('up');`;
const stubborn = `for (const s of ['SIGTERM', 'SIGINT']) process.on(s, () => console.log('no')); setInterval(() => {}, 1e6); console.log(process.pid);`;
const orphan = `process.once('disconnect', () => process.exit(0)); setInterval(() => {}, 1e6); console.log(process.pid);`;

test('a first Ctrl-C lets the child end by itself, and its exit code is ours', { timeout: 10_000 }, () =>
  inForeground(polite, async (parent, lines) => {
    assert.equal(await next(lines), 'up');
    parent.kill('SIGINT');
    assert.equal(await next(lines), 'ending');
    const [code] = await once(parent, 'exit');
    assert.equal(code, 0);
  }),
);

test('a second Ctrl-C ends a child that does not want to', { timeout: 10_000 }, () =>
  inForeground(stubborn, async (parent, lines) => {
    const pid = Number(await next(lines));
    parent.kill('SIGINT');
    assert.equal(await next(lines), 'no');
    parent.kill('SIGINT');
    const [code] = await once(parent, 'exit');
    assert.equal(code, 130);
    assert.equal(isRunning(pid), false);
  }),
);

test('a child hears when we are killed outright', { timeout: 10_000 }, () =>
  inForeground(orphan, async (parent, lines) => {
    const pid = Number(await next(lines));
    parent.kill('SIGKILL');
    await until(() => !isRunning(pid));
  }),
);

test('an exit code of the child is passed on', { timeout: 10_000 }, () =>
  inForeground('process.exit(7)', async (parent) => {
    const [code] = await once(parent, 'exit');
    assert.equal(code, 7);
  }),
);

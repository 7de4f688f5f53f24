import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { asideName, finishSwap, isSwapping, movedAsideAt, swapFolder } from './swap-folder.ts';

const nowMs = Date.UTC(2026, 10, 21);

const makeFolders = async (): Promise<string> => {
  const root = await mkdtemp(path.join(tmpdir(), 'milepost-swap-'));
  for (const [name, text] of [
    ['history', 'old'],
    ['history.rebuild', 'new'],
  ] as const) {
    await mkdir(path.join(root, name));
    await writeFile(path.join(root, name, 'what'), text);
  }
  return root;
};

const check = async (root: string, old: string): Promise<void> => {
  assert.equal(await readFile(path.join(root, 'history', 'what'), 'utf8'), 'new');
  assert.equal(await readFile(path.join(old, 'what'), 'utf8'), 'old');
  assert.deepEqual((await readdir(root)).sort(), ['history', path.basename(old)]);
};

test('a swap that a crash cut off at any step is finished by the next start', async () => {
  const root = await makeFolders();
  const old = 'history.old-2026';
  const note = JSON.stringify({ name: 'history', rebuilt: 'history.rebuild', old });
  const at = (name: string): string => path.join(root, name);
  const steps: (() => Promise<void>)[] = [
    () => writeFile(at('swap.json'), note),
    () => rename(at('history'), at(old)),
    () => rename(at('history.rebuild'), at('history')),
  ];
  try {
    for (let done = 1; done <= steps.length; done++) {
      for (const step of steps.slice(0, done)) await step();
      await finishSwap(root);
      await check(root, at(old));
      await finishSwap(root);
      await check(root, at(old));
      // As it was, for the next round.
      await rename(at('history'), at('history.rebuild'));
      await rename(at(old), at('history'));
    }
    await check(root, await swapFolder(root, 'history', 'history.rebuild', nowMs));
  } finally {
    await rm(root, { recursive: true });
  }
});

test('a rebuilt folder that was lost on the way: the old one comes back', async () => {
  const root = await makeFolders();
  const at = (name: string): string => path.join(root, name);
  try {
    const old = 'history.old-2026';
    await writeFile(at('swap.json'), JSON.stringify({ name: 'history', rebuilt: 'history.rebuild', old }));
    assert.ok(isSwapping(root));
    await rename(at('history'), at(old));
    await rm(at('history.rebuild'), { recursive: true });
    await finishSwap(root);
    assert.equal(await readFile(path.join(at('history'), 'what'), 'utf8'), 'old');
    assert.deepEqual(await readdir(root), ['history']);
    assert.ok(!isSwapping(root));
  } finally {
    await rm(root, { recursive: true });
  }
});

test('what was moved aside says when', () => {
  assert.equal(movedAsideAt(asideName('live', nowMs + 1234)), nowMs + 1234);
  assert.equal(movedAsideAt('history.old-by-hand'), undefined);
  assert.equal(movedAsideAt('history'), undefined);
});

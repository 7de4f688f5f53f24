import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedAsLocked } from './installed.mjs';

const locked = {
  '': { version: '1.0.0' },
  workspace: { version: '1.0.0' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
};

/** @param {object} installed @param {(isInstalled: boolean, root: string) => void} look */
const withProject = (installed, look) => {
  const root = mkdtempSync(join(tmpdir(), 'installed-'));
  try {
    mkdirSync(join(root, 'node_modules', 'a'), { recursive: true });
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: locked }));
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
    look(installedAsLocked(root), root);
  } finally {
    rmSync(root, { recursive: true });
  }
};

test('what npm recorded as installed is what the lock file names; optional packages may be absent', () => {
  withProject({ 'node_modules/a': locked['node_modules/a'] }, (isInstalled) => assert.equal(isInstalled, true));
});

test('another version, another content, a missing or an extra package means: install', () => {
  const a = locked['node_modules/a'];
  withProject({ 'node_modules/a': { ...a, version: '1.0.1' } }, (isInstalled) => assert.equal(isInstalled, false));
  withProject({ 'node_modules/a': { ...a, integrity: 'sha512-x' } }, (isInstalled) => assert.equal(isInstalled, false));
  withProject({}, (isInstalled) => assert.equal(isInstalled, false));
  withProject({ 'node_modules/a': a, 'node_modules/c': a }, (isInstalled) => assert.equal(isInstalled, false));
});

test('a package whose folder was removed by hand means: install', () => {
  withProject({ 'node_modules/a': locked['node_modules/a'] }, (_, root) => {
    rmSync(join(root, 'node_modules', 'a'), { recursive: true });
    assert.equal(installedAsLocked(root), false);
  });
});

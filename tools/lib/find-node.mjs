import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Oldest Node that runs the project: type stripping without a flag, argon2 in node:crypto. */
export const oldestNode = /** @type {const} */ ([24, 7]);

/** @typedef {{ platform: string, arch: string, version: string, execPath: string, pinExists: (path: string) => boolean }} Surroundings */

/** @returns {Surroundings} */
const here = () => ({
  platform: process.platform,
  arch: process.arch,
  version: process.versions.node,
  execPath: process.execPath,
  pinExists: existsSync,
});

/** @param {string} version "24.21.0" */
const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
};

/** @param {Surroundings} at */
const explain = (at) => {
  const wanted = `Node ${oldestNode.join('.')} or newer`;
  if (at.platform === 'win32')
    return 'Milepost runs on Linux and macOS. On Windows, run it inside WSL: https://learn.microsoft.com/windows/wsl/install';
  if (at.platform === 'darwin') {
    return `This is Node ${at.version}. On macOS install ${wanted} (for example: brew install node) and start again.`;
  }
  return `There is no pinned Node for ${at.platform}-${at.arch}, and this is Node ${at.version}. Install ${wanted} and start again.`;
};

/**
 * Which Node runs the project: the one pinned in package-lock.json where there is one, else the one that runs this, if it is new enough.
 * @param {Surroundings} at
 * @returns {{ path: string } | { problem: string }}
 */
export const findNode = (at = here()) => {
  if (at.platform === 'win32') return { problem: explain(at) };
  const pinned = join(root, 'node_modules', `node-${at.platform}-${at.arch}`, 'bin', 'node');
  if (at.platform === 'linux' && at.pinExists(pinned)) return { path: pinned };
  return isNewEnough(at.version) ? { path: at.execPath } : { problem: explain(at) };
};

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Environment variable by which a run recognises the processes it started, and theirs. */
export const runMarker = 'TEST_RUN_ID';

/** How long a process may take to end after its test did. */
const endingMs = 3_000;
const pollMs = 50;

/** @param {string} marker */
const findMarked = (marker) => {
  /** @type {Map<number, string>} */
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').includes(`${runMarker}=${marker}`)) continue;
      found.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // Ended meanwhile, or of another user.
    }
  }
  return found;
};

/**
 * Ends the processes that carry the marker, by their ids, and says which they were. Only where there is /proc.
 * @param {string} marker
 * @returns {Promise<string[]>} their commands
 */
export const endLeftovers = async (marker) => {
  if (process.platform !== 'linux') return [];
  let left = findMarked(marker);
  for (let waitedMs = 0; left.size > 0 && waitedMs < endingMs; waitedMs += pollMs) {
    await setTimeout(pollMs);
    left = findMarked(marker);
  }
  for (const pid of left.keys()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile.
    }
  }
  // A kill takes a moment.
  for (let waitedMs = 0; findMarked(marker).size > 0 && waitedMs < endingMs; waitedMs += pollMs) await setTimeout(pollMs);
  return [...left.values()].filter((command) => command !== '');
};

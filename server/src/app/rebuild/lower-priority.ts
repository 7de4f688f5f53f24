import { readdirSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

/**
 * What serves goes first. Linux counts the priority by thread: a new one takes that of its maker, those that the runtime made before (they
 * collect garbage) are told one by one.
 */
export const lowerPriority = (nice: number): void => {
  const threads = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
  for (const thread of threads) {
    try {
      os.setPriority(thread, nice);
    } catch {
      // It has ended since the folder was listed, or the system does not let us: it is only a courtesy.
    }
  }
};

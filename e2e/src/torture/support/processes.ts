import { readFileSync } from 'node:fs';
import type { Milepost } from '../../support/start-milepost.ts';
import { descendantsOf } from '../../support/kill-with-descendants.ts';
import type { Prerequisite } from '../scenario.ts';

const nameOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
};

/** The processes of the PostgreSQL that the server started. */
export const postgresOf = ({ pid }: Milepost): number[] => descendantsOf(pid).filter((one) => nameOf(one).startsWith('postgres'));

export const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // One that has ended meanwhile needs no signal.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
};

export const isLinux: Prerequisite = {
  missing: () => (process.platform === 'linux' ? undefined : `this is ${process.platform}, expected Linux with /proc`),
};

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** From `/proc`, because a small Linux has no `ps`. The name, in brackets, may hold anything: what counts comes behind it. */
const parentOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // It has ended since the folder was listed.
    return 0;
  }
};

/** The parent of each process, by its number. */
const readParents = (): Map<number, number> => {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return new Map(pids.map((pid) => [pid, parentOf(pid)]));
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
};

/** A process and all that came from it, the ancestor first. */
export const descendantsOf = (ancestor: number): number[] => {
  const parents = readParents();
  const found = [ancestor];
  // Grows while it is walked: children of children come behind them.
  for (const known of found) for (const [pid, parent] of parents) if (parent === known) found.push(pid);
  return found;
};

/** SIGKILL to a process and to all that came from it, the ancestor first, so that it starts no others. Answers how many. */
export const killWithDescendants = (pid: number): number => {
  const processes = descendantsOf(pid);
  for (const victim of processes) {
    try {
      process.kill(victim, 'SIGKILL');
    } catch (error) {
      // One that ended by itself meanwhile is as dead as it should be.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  return processes.length;
};

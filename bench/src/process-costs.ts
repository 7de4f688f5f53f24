/** CPU and memory of processes and of what they started, from /proc. Linux. */
import { readFile } from 'node:fs/promises';
import { descendantsOf } from '../../e2e/src/support/kill-with-descendants.ts';
import { cpuSecondsOf, memoryMbOf } from './server.ts';

const lastEveryMs = 20;

/** A program that serves the whole: one process, or several. */
export type Pids = readonly number[];

/** Of processes, and of what those had waited for when they ended. */
export const cpuSecondsOfAll = async (pids: Pids): Promise<number> => {
  let seconds = 0;
  for (const pid of pids) seconds += await cpuSecondsOf(pid);
  return seconds;
};

export const memoryMbOfAll = async (pids: Pids): Promise<number> => {
  let megabytes = 0;
  for (const pid of pids) megabytes += await memoryMbOf(pid);
  return megabytes;
};

const nameOf = async (pid: number): Promise<string> => (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();

/** Processes named `name` below another one. */
export const pidsBelow = async (ancestor: number, name: string): Promise<Pids> => {
  const found: number[] = [];
  for (const pid of descendantsOf(ancestor)) if (pid !== ancestor && (await nameOf(pid)) === name) found.push(pid);
  return found;
};

/** CPU seconds of a process while `stop` ends it, as far as they could be seen: at most the last 20 ms are missing. */
export const cpuSecondsUntilEnd = async (pid: number, stop: () => Promise<void>): Promise<number> => {
  const before = await cpuSecondsOf(pid);
  let last = before;
  const timer = setInterval(() => {
    cpuSecondsOf(pid).then(
      (seconds) => {
        last = seconds;
      },
      () => undefined,
    );
  }, lastEveryMs);
  await stop();
  clearInterval(timer);
  return last - before;
};

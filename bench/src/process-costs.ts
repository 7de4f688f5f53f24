/** CPU and memory of processes and of what they started, from /proc. Linux. */
import { readFile } from 'node:fs/promises';
import { descendantsOf } from '../../e2e/src/support/kill-with-descendants.ts';
import { cpuSecondsOf, memoryMbOf } from './server.ts';

const clockTicksPerSecond = 100;
const lastEveryMs = 20;

/** The processes of a program; asked anew each time, since some come and go. */
export type Pids = readonly number[];
export type Program = () => Promise<Pids>;

/** With what children took that have ended. A process that has ended meanwhile is among the children of another. */
const cpuSecondsWithChildren = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields ? [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / clockTicksPerSecond : 0;
};

export const cpuSecondsOfAll = async (program: Program): Promise<number> => {
  let seconds = 0;
  for (const pid of await program()) seconds += await cpuSecondsWithChildren(pid);
  return seconds;
};

/** Resident; memory that several processes share counts for each. */
export const memoryMbOfAll = async (program: Program): Promise<number> => {
  let megabytes = 0;
  for (const pid of await program()) megabytes += await memoryMbOf(pid).catch(() => 0);
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

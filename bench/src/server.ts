/** A real server and the load on it, each a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { serverArguments } from '../../tools/lib/server-arguments.mjs';
import type { LoadOptions, Measured } from './load/types.ts';

const root = path.resolve(import.meta.dirname, '../..');
export const operatorToken = 'operator-token-of-the-bench';
/** `BENCH_PROFILE=folder` writes a CPU profile of each thread of the server there. */
const profileFolder = process.env['BENCH_PROFILE'];
const profileArguments = profileFolder ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(profileFolder)}`] : [];
const clockTicksPerSecond = 100;

export const cpuSecondsOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
};

/** Resident memory, MB. */
export const memoryMbOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024);
};

/** Its peak. */
export const peakMemoryMbOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(text)?.[1]) / 1024);
};

export const startServer = async (folder: string): Promise<{ child: ChildProcess; origin: string; mqttOrigin: string }> => {
  const env = {
    PATH: process.env['PATH'],
    MILEPOST_PORT: '0',
    MILEPOST_MQTT_PORT: '0',
    MILEPOST_DATA: folder,
    MILEPOST_OPERATOR_TOKEN: operatorToken,
    MILEPOST_MAP_STYLE: 'outlines',
  };
  const child = spawn(process.execPath, [...profileArguments, ...serverArguments(), 'server/src/app/main.ts', '--mode=serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let origin = '';
  for await (const line of createInterface({ input: child.stdout })) {
    origin ||= /ready at (\S+)/.exec(line)?.[1] ?? '';
    const mqttOrigin = /^MQTT: (\S+)/.exec(line)?.[1];
    if (mqttOrigin) return { child, origin, mqttOrigin };
  }
  throw new Error('the server ended before it was ready');
};

export const startLoad = (
  load: Omit<LoadOptions, 'origin' | 'mqttOrigin' | 'operatorToken'>,
  origins: { readonly origin: string; readonly mqttOrigin: string },
) => {
  const program = path.join(import.meta.dirname, 'load/main.ts');
  const child = spawn(process.execPath, [program, JSON.stringify({ ...load, ...origins, operatorToken })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Measured> => {
    const line = await lines.next();
    if (line.done) throw new Error('the load generator has ended');
    return JSON.parse(line.value) as Measured;
  };
  return { child, next, begin: () => void child.stdin.write('begin\n') };
};

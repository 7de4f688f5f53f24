import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment } from './environment.ts';

const root = resolve(import.meta.dirname, '../../..');

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** One of the commands of docs/operating.md, as npm runs it. */
export const runCommand = (program: 'backup' | 'restore' | 'rebuild' | 'dead-letters', ...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    const file = join(root, `server/src/app/${program}-main.ts`);
    const env = cleanEnvironment();
    execFile(process.execPath, [file, ...args], { cwd: root, env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });

export interface RunningCommand {
  readonly pid: number;
  readonly output: () => string;
  /** Resolves when a line was printed that matches. */
  untilTold(pattern: RegExp): Promise<void>;
  readonly done: Promise<Ran>;
}

/** As `runCommand`, but answers while it runs. */
export const startCommand = (program: 'backup' | 'rebuild', ...args: string[]): RunningCommand => {
  const file = join(root, `server/src/app/${program}-main.ts`);
  const env = cleanEnvironment();
  const child = spawn(process.execPath, [file, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let told = (): void => {};
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      output += text.toString();
      told();
    });
  const done = once(child, 'close').then(([code]) => ({ code: Number(code ?? 1), output }));
  return {
    pid: child.pid as number,
    output: () => output,
    untilTold: async (pattern) => {
      while (!pattern.test(output)) {
        if (child.exitCode !== null) throw new Error(`it ended before it told ${pattern}:\n${output}`);
        await Promise.race([new Promise<void>((wake) => (told = wake)), done]);
      }
    },
    done,
  };
};

const pollMs = 1;

/** Begins a backup and kills it (SIGKILL) as soon as it has made its folder. */
export const killBackup = async (target: string, data: string): Promise<void> => {
  const file = join(root, 'server/src/app/backup-main.ts');
  const env = cleanEnvironment();
  const child = spawn(process.execPath, [file, target, '--data', data], { cwd: root, env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!existsSync(`${target}.partial`) && child.exitCode === null) await delay(pollMs);
  child.kill('SIGKILL');
  await ended;
};

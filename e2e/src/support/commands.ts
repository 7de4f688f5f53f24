import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** One of the commands of docs/operating.md, as npm runs it. */
export const runCommand = (program: 'backup' | 'restore' | 'rebuild', ...args: string[]): Promise<Ran> =>
  new Promise((done) => {
    const file = join(root, `server/src/app/${program}-main.ts`);
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
    execFile(process.execPath, [file, ...args], { cwd: root, env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });

import { spawn } from 'node:child_process';

/** The user under which PostgreSQL runs; undefined: the one of this process. PostgreSQL refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Environment of every PostgreSQL program: messages in English, so that they can be read by us; nothing of ours leaks in. */
export const postgresEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

export interface RunOptions {
  readonly runAs: RunAs | undefined;
  /** Entered before the user is changed, so it needs no way through its parents. */
  readonly cwd?: string;
  /** Given to standard input. */
  readonly input?: string;
  readonly timeoutMs: number;
}

export interface RunResult {
  /** 0: well; null: ended by a signal, or could not be started. */
  readonly code: number | null;
  readonly output: string;
  /** Why the program could not be started at all. */
  readonly error?: NodeJS.ErrnoException;
}

/** Runs a program to its end. Never throws: a program that is missing or out of reach is a result too. */
export const run = (program: string, args: readonly string[], options: RunOptions): Promise<RunResult> => {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const child = spawn(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.runAs,
    env: postgresEnvironment,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  child.on('error', (error) => resolve({ code: null, output, error }));
  child.on('close', (code) => resolve({ code, output }));
  return promise;
};

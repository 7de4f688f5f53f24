import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** After the first signal a child has this long to end by itself when a budget is used up. */
export const graceMs = 5_000;
/** How often it is looked whether npm is still there. */
const npmCheckMs = 500;

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null, output: string, seconds: number, isOverBudget: boolean }} Outcome */
/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, budgetMs?: number, onOutput?: (text: string) => void }} RunOptions */

/**
 * Signals the group that a detached child leads; a group that is gone is fine.
 * @param {number | undefined} leader
 * @param {NodeJS.Signals} signal
 */
export const signalGroup = (leader, signal) => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
};

/**
 * Runs a command to its end in a process group of its own and keeps what it prints (both streams, in order of arrival).
 * Past `budgetMs` the group is asked to end, and `graceMs` later killed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Outcome>}
 */
export const runToEnd = (command, args, options = {}) =>
  new Promise((resolve) => {
    const startedMs = performance.now();
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    /** @type {Buffer[]} */
    const chunks = [];
    let isOverBudget = false;
    const keep = (/** @type {Buffer} */ chunk) => {
      chunks.push(chunk);
      options.onOutput?.(chunk.toString());
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    if (options.budgetMs !== undefined) {
      const end = () => {
        isOverBudget = true;
        signalGroup(child.pid, 'SIGTERM');
        timers.push(setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs));
      };
      timers.push(setTimeout(end, options.budgetMs));
    }
    const stopListening = endGroupWithUs(child.pid);
    /** @param {number | null} code @param {NodeJS.Signals | null} signal */
    const finish = (code, signal) => {
      for (const timer of timers) clearTimeout(timer);
      stopListening();
      signalGroup(child.pid, 'SIGKILL');
      resolve({
        code,
        signal,
        output: Buffer.concat(chunks).toString(),
        seconds: (performance.now() - startedMs) / 1000,
        isOverBudget,
      });
    };
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${command}: ${error.message}\n`));
      finish(127, null);
    });
    // Not 'close': a process left behind may hold the pipes open for ever.
    child.once('exit', (code, signal) => setImmediate(finish, code, signal));
  });

/**
 * When this process is told to end, the group of the child ends with it.
 * @param {number | undefined} leader
 */
const endGroupWithUs = (leader) => {
  const endBoth = () => {
    signalGroup(leader, 'SIGKILL');
    process.exit(130);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.once(signal, endBoth);
  return () => {
    for (const signal of signals) process.off(signal, endBoth);
  };
};

/** @param {number} pid */
const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
};

/** From `/proc` where there is one: a small Linux has no `ps`. @param {number} pid */
const parentOf = (pid) => {
  if (process.platform !== 'linux')
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
};

/**
 * npm runs a script through a shell, which passes no signal on: told to end, npm ends the shell and not us. So we look whether both are
 * still there. Answers how to stop looking.
 * @param {() => void} end
 */
const whenNpmIsGone = (end) => {
  if (process.env['npm_lifecycle_event'] === undefined) return () => {};
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && isAlive(npm)) return;
    clearInterval(timer);
    end();
  }, npmCheckMs);
  timer.unref();
  return () => clearInterval(timer);
};

/**
 * Runs commands side by side for a person in front of them: they print for themselves; the first Ctrl-C (or SIGTERM, SIGHUP) asks each
 * to end, the second ends their process groups by force. When one ends, the others are asked to end too.
 * A child has an IPC channel, so it hears (`disconnect`) when this process was killed outright.
 * @param {readonly { command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv }[]} commands
 * @returns {Promise<number>} exit code: that of the first command to end
 */
export const runInForeground = async (commands) => {
  const children = commands.map(({ command, args, cwd, env }) =>
    spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true }),
  );
  let signalCount = 0;
  const askAll = () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  };
  const onSignal = () => {
    signalCount += 1;
    if (signalCount === 1) askAll();
    else for (const child of children) signalGroup(child.pid, 'SIGKILL');
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, onSignal);
  const stopWatching = whenNpmIsGone(onSignal);

  const codes = children.map(
    (child) =>
      new Promise((resolve) => {
        child.once('error', (error) => {
          process.stderr.write(`${child.spawnfile}: ${error.message}\n`);
          resolve(127);
        });
        child.once('exit', (code, signal) => resolve(signal === null ? code : signalCount > 0 ? 130 : 1));
      }),
  );
  const first = /** @type {number} */ (await Promise.race(codes));
  askAll();
  await Promise.all(codes);
  stopWatching();
  // What a child started and left behind in its group.
  for (const child of children) signalGroup(child.pid, 'SIGTERM');
  return first;
};

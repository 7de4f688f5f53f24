// What a newcomer meets, measured: node tools/newcomer.mjs <empty folder> [user]
// Clones the last commit into the folder, runs the README's `npm start` there twice, as that user where one is named, and looks at what is left after Ctrl-C
// and after kill -9. Linux only: memory and processes are read from /proc.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EnsureError, runMain } from './ensure.mjs';
import { root } from './lib/root.mjs';

const startMaxMs = 180_000;
const endMaxMs = 15_000;
const token = 'operator-token-of-the-newcomer';

/** @param {string} name */
const idsOf = (name) => {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  if (line === undefined) throw new EnsureError(`there is no user ${name}`);
  const [, , uid, gid, , home] = line.split(':');
  return { uid: Number(uid), gid: Number(gid), home: String(home) };
};

/** Parent and start time of a process; undefined when it is gone. @param {number} pid */
const statOf = (pid) => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { parent: Number(fields[1]), startedAt: String(fields[19]) };
  } catch {
    return undefined;
  }
};

/** @typedef {{ pid: number, startedAt: string, command: string }} Process */

/** A process and all that came from it. @param {number} ancestor */
const familyOf = (ancestor) => {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const parents = new Map(all.map((pid) => [pid, statOf(pid)?.parent]));
  const family = [ancestor];
  for (const known of family) for (const [pid, parent] of parents) if (parent === known) family.push(pid);
  return family.flatMap((pid) => {
    const stat = statOf(pid);
    if (!stat) return [];
    return [
      {
        pid,
        startedAt: stat.startedAt,
        command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 100),
      },
    ];
  });
};

/** Proportional set size of all of them, MB. @param {readonly Process[]} processes */
const memoryMbOf = (processes) => {
  let kilobytes = 0;
  for (const { pid } of processes) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has just ended.
    }
  }
  return Math.round(kilobytes / 1024);
};

/** @param {string} origin */
const readPositions = async (origin) => {
  const answer = await fetch(`${origin}/v1/vehicles?status=online&limit=200`, { headers: { authorization: `Bearer ${token}` } });
  const { items } = /** @type {{ items: { id: string, position: object | null }[] }} */ (await answer.json());
  return new Map(items.map(({ id, position }) => [id, JSON.stringify(position)]));
};

/** Until a vehicle stands elsewhere than before. @param {string} origin */
const untilMoving = async (origin) => {
  let before = await readPositions(origin);
  for (;;) {
    await wait(200);
    const now = await readPositions(origin);
    if ([...now].some(([id, position]) => before.has(id) && before.get(id) !== position)) return now.size;
    before = now;
  }
};

/** @param {string} folder @param {{ uid?: number, gid?: number, home?: string }} user */
const start = async (folder, user) => {
  const startedMs = performance.now();
  const ids = user.uid === undefined ? {} : { uid: user.uid, gid: user.gid };
  const env = {
    PATH: process.env['PATH'],
    HOME: user.home ?? process.env['HOME'],
    MILEPOST_OPERATOR_TOKEN: token,
    MILEPOST_MAP_STYLE: 'outlines',
    MILEPOST_DATA: join(folder, 'data/demo'),
  };
  const child = spawn('npm', ['start'], { cwd: folder, env, ...ids, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const origin = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`not ready after ${startMaxMs} ms`)), startMaxMs);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
      const match = /ready at (\S+)/.exec(text);
      if (!match) return;
      clearTimeout(timer);
      found(match[1]);
    });
    child.once('exit', (code) => failed(new Error(`npm start ended with ${code}\n${text}`)));
  });
  const readyMs = performance.now() - startedMs;
  const vehicles = await untilMoving(/** @type {string} */ (origin));
  return { pid: /** @type {number} */ (child.pid), readyMs, movingMs: performance.now() - startedMs, vehicles };
};

/** Ms until none of them is left. @param {readonly Process[]} processes */
const untilEnded = async (processes) => {
  const fromMs = performance.now();
  for (;;) {
    const left = processes.filter(({ pid, startedAt }) => statOf(pid)?.startedAt === startedAt);
    if (left.length === 0) return performance.now() - fromMs;
    if (performance.now() - fromMs > endMaxMs)
      throw new Error(`left running:\n${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`);
    await wait(50);
  }
};

/** @param {string} what @param {number} value @param {string} unit */
const tell = (what, value, unit) =>
  process.stdout.write(`${what.padEnd(58)} ${value.toFixed(unit === 's' ? 1 : 0).padStart(7)} ${unit}\n`);

await runMain(async () => {
  const [target, name] = process.argv.slice(2);
  if (target === undefined) throw new EnsureError('usage: node tools/newcomer.mjs <empty folder> [user]');
  const folder = resolve(target);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new EnsureError(`${folder} is not empty`);
  execFileSync('git', ['clone', '--quiet', root, folder]);
  /** @type {{ uid?: number, gid?: number, home?: string }} */
  const user = name === undefined ? {} : idsOf(name);
  if (user.uid !== undefined) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, folder]);

  const first = await start(folder, user);
  tell('first start: ready', first.readyMs / 1000, 's');
  tell(`first start: ${first.vehicles} vehicles online and moving`, first.movingMs / 1000, 's');
  await wait(10_000);
  const firstFamily = familyOf(first.pid);
  tell(`memory of its ${firstFamily.length} processes (PSS)`, memoryMbOf(firstFamily), 'MB');
  process.kill(-first.pid, 'SIGINT');
  tell('Ctrl-C: everything has ended', (await untilEnded(firstFamily)) / 1000, 's');

  const second = await start(folder, user);
  tell('second start: ready', second.readyMs / 1000, 's');
  tell('second start: vehicles moving', second.movingMs / 1000, 's');
  const secondFamily = familyOf(second.pid);
  process.kill(second.pid, 'SIGTERM');
  tell('SIGTERM to npm alone: everything has ended', (await untilEnded(secondFamily)) / 1000, 's');

  const third = await start(folder, user);
  const thirdFamily = familyOf(third.pid);
  for (const { pid, command } of thirdFamily) if (!command.startsWith('postgres')) process.kill(pid, 'SIGKILL');
  const fourth = await start(folder, user);
  tell('start after kill -9 of all but PostgreSQL: moving', fourth.movingMs / 1000, 's');
  const fourthFamily = familyOf(fourth.pid);
  process.kill(-fourth.pid, 'SIGINT');
  tell('Ctrl-C: everything has ended, also what was left', (await untilEnded([...thirdFamily, ...fourthFamily])) / 1000, 's');
  return 0;
});

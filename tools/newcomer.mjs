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

/** Processes whose command line or working directory is below the folder. @param {string} folder */
const processesOf = (folder) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) ||
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`MILEPOST_DATA=${folder}`)
        );
      } catch {
        return false;
      }
    });

/** Proportional set size of all of them, MB. @param {string} folder */
const memoryMbOf = (folder) => {
  let kilobytes = 0;
  for (const pid of processesOf(folder)) {
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
  return { child, readyMs, movingMs: performance.now() - startedMs, vehicles };
};

/** Ms until no process is left. @param {string} folder */
const untilAllEnded = async (folder) => {
  const fromMs = performance.now();
  for (;;) {
    const left = processesOf(folder);
    if (left.length === 0) return performance.now() - fromMs;
    if (performance.now() - fromMs > endMaxMs) throw new Error(`left running: ${left.join(', ')}`);
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
  const user = name === undefined ? {} : idsOf(name);
  if (user.uid !== undefined) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, folder]);

  const first = await start(folder, user);
  tell(`first start: ready`, first.readyMs / 1000, 's');
  tell(`first start: ${first.vehicles} vehicles online and moving`, first.movingMs / 1000, 's');
  await wait(10_000);
  tell('memory of all its processes (PSS)', memoryMbOf(folder), 'MB');
  process.kill(-(/** @type {number} */ (first.child.pid)), 'SIGINT');
  tell('Ctrl-C: everything has ended', (await untilAllEnded(folder)) / 1000, 's');

  const second = await start(folder, user);
  tell('second start: ready', second.readyMs / 1000, 's');
  tell('second start: vehicles moving', second.movingMs / 1000, 's');
  process.kill(/** @type {number} */ (second.child.pid), 'SIGTERM');
  tell('SIGTERM to npm alone: everything has ended', (await untilAllEnded(folder)) / 1000, 's');

  const third = await start(folder, user);
  for (const pid of processesOf(folder))
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('server/src/app/main.ts')) process.kill(Number(pid), 'SIGKILL');
  const fourth = await start(folder, user);
  tell('start after kill -9 of the server: vehicles moving', fourth.movingMs / 1000, 's');
  process.kill(-(/** @type {number} */ (third.child.pid)), 'SIGINT');
  process.kill(-(/** @type {number} */ (fourth.child.pid)), 'SIGINT');
  tell('Ctrl-C: everything has ended', (await untilAllEnded(folder)) / 1000, 's');
  return 0;
});

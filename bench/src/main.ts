/**
 * `npm run bench [scenario …]`: what the server costs. A real server, its data in a temporary folder; load from another process; figures are
 * reports for each CPU second of the server, all its threads counted. Results go to bench/results/. docs/bench.md
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../..');
const operatorToken = 'operator-token-of-the-bench';
const connections = 1000;
const seconds = 10;
const clockTicksPerSecond = 100;

interface Measured {
  readonly acked: number;
  readonly connections: number;
}

const scenarios: Readonly<Record<string, { readonly what: string; readonly inFlight: number }>> = {
  'ws-json': {
    what: 'WebSocket JSON, one report of 13 signals a frame, 1,000 connections, one report in flight each',
    inFlight: 1,
  },
  'ws-json-pipelined': { what: 'the same, four reports in flight each', inFlight: 4 },
};

const cpuSecondsOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
};

const startServer = async (folder: string): Promise<{ child: ChildProcess; origin: string }> => {
  const env = { PATH: process.env['PATH'], MILEPOST_PORT: '0', MILEPOST_DATA: folder, MILEPOST_OPERATOR_TOKEN: operatorToken };
  const child = spawn(process.execPath, ['server/src/app/main.ts', '--mode=serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /ready at (\S+)/.exec(line)?.[1];
    if (origin) return { child, origin };
  }
  throw new Error('the server ended before it was ready');
};

/** The load process prints one JSON line each second: what was acknowledged so far. */
const startLoad = (origin: string, inFlight: number): { child: ChildProcess; next: () => Promise<Measured> } => {
  const program = path.join(import.meta.dirname, 'load-websocket.ts');
  const args = [program, origin, operatorToken, String(connections), String(inFlight)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Measured> => {
    const line = await lines.next();
    if (line.done) throw new Error('the load generator has ended');
    return JSON.parse(line.value) as Measured;
  };
  return { child, next };
};

const measure = async (name: string): Promise<object> => {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`scenario ${name} is unknown, expected one of ${Object.keys(scenarios).join(', ')}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-bench-'));
  const { child, origin } = await startServer(folder);
  const load = startLoad(origin, scenario.inFlight);
  try {
    // The first seconds warm up the compiler and the caches.
    for (let second = 0; second < 3; second++) await load.next();
    const pid = child.pid as number;
    const [before, cpuBefore, startedAt] = [await load.next(), await cpuSecondsOf(pid), performance.now()];
    let after = before;
    for (let second = 0; second < seconds; second++) after = await load.next();
    const cpuSeconds = (await cpuSecondsOf(pid)) - cpuBefore;
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const acked = after.acked - before.acked;
    return {
      scenario: name,
      what: scenario.what,
      connections: after.connections,
      reportsPerSecond: Math.round(acked / wallSeconds),
      serverCpuCores: Math.round((cpuSeconds / wallSeconds) * 100) / 100,
      reportsPerCpuSecond: Math.round(acked / cpuSeconds),
    };
  } finally {
    load.child.kill('SIGTERM');
    child.kill('SIGTERM');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
};

const asked = process.argv.slice(2);
await mkdir(path.join(root, 'bench/results'), { recursive: true });
for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) {
  const figures = await measure(name);
  const result = { ...figures, command: `npm run bench ${name}`, node: process.version, cores: cpus().length };
  await writeFile(path.join(root, `bench/results/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}

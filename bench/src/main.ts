/**
 * `npm run bench [scenario …]`: what the server costs. A real server, its data in a temporary folder, load from another process; figures are
 * reports for each CPU second of the server, all its threads counted. Results go to bench/results/. docs/bench.md
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { serverArguments } from '../../tools/lib/server-arguments.mjs';
import { measureReference } from './reference.ts';
import { type LoadScenario, type ScriptScenario, scenarios } from './scenarios.ts';
import { cpuSecondsOf, memoryMbOf, peakMemoryMbOf, startLoad, startServer } from './server.ts';
import { writePage } from './write-page.ts';

const root = path.resolve(import.meta.dirname, '../..');
const warmUpSeconds = 3;
/** `BENCH_SECONDS` shortens the long ones while one works on them. */
const secondsDefault = 10;
/** Whether memory is flat shows in a long run. */
const memoryEverySeconds = 60;
const secondsMax = Number(process.env['BENCH_SECONDS'] ?? Number.POSITIVE_INFINITY);
const round = (value: number): number => Math.round(value * 100) / 100;

const measureLoad = async ({ load, seconds = secondsDefault }: LoadScenario): Promise<object> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'milepost-bench-'));
  const { child, ...origins } = await startServer(folder);
  const loading = startLoad(load, origins);
  try {
    // The first seconds warm up the compiler and the caches.
    for (let second = 0; second < warmUpSeconds; second++) await loading.next();
    const pid = child.pid as number;
    loading.begin();
    const memoryBefore = await memoryMbOf(pid);
    const [before, cpuBefore, startedAt] = [await loading.next(), await cpuSecondsOf(pid), performance.now()];
    let last = before;
    const memoryMb = [memoryBefore];
    for (let second = 1; second <= Math.min(seconds, secondsMax); second++) {
      last = await loading.next();
      if (second % memoryEverySeconds === 0) memoryMb.push(await memoryMbOf(pid));
    }
    if (memoryMb.length === 1) memoryMb.push(await memoryMbOf(pid));
    const cpuSeconds = (await cpuSecondsOf(pid)) - cpuBefore;
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const reports = last.reports - before.reports;
    return {
      connections: last.connections,
      reportsPerCpuSecond: Math.round(reports / cpuSeconds),
      samplesPerCpuSecond: Math.round((reports * load.samples) / cpuSeconds),
      reportsPerSecond: Math.round(reports / wallSeconds),
      serverCpuCores: round(cpuSeconds / wallSeconds),
      seconds: Math.round(wallSeconds),
      ackP50Ms: last.ackP50Ms,
      ackP99Ms: last.ackP99Ms,
      serverMemoryMb: memoryMb,
      serverPeakMemoryMb: await peakMemoryMbOf(pid),
    };
  } finally {
    loading.child.kill('SIGTERM');
    child.kill('SIGTERM');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
};

const runScript = async ({ script, args }: ScriptScenario): Promise<object> => {
  // As the server runs.
  const command = [...serverArguments(), path.join(root, script), ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const figures: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('{')) figures.push(JSON.parse(line));
  if (child.exitCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${script} ended with ${child.exitCode}`);
  return { figures };
};

/** Which state of the project was measured. */
const readCommit = (): string => {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results', ':!docs/bench.md') === ''
        ? ''
        : ' and changes')
    );
  } catch {
    return 'unknown';
  }
};

const run = async (name: string): Promise<void> => {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`scenario ${name} is unknown, expected one of ${Object.keys(scenarios).join(', ')}`);
  const before = measureReference();
  const figures = 'load' in scenario ? await measureLoad(scenario) : await runScript(scenario);
  const reference = Math.round((before + measureReference()) / 2);
  const result = {
    scenario: name,
    what: scenario.what,
    ...figures,
    reference,
    command: `npm run bench ${name}`,
    commit: readCommit(),
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim(),
  };
  await writeFile(path.join(root, `bench/results/${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify({ scenario: name, ...figures, reference }, null, 2)}\n`);
};

const asked = process.argv.slice(2);
await mkdir(path.join(root, 'bench/results'), { recursive: true });
for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) await run(name);
writePage();

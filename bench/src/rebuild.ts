/**
 * A read model that is rebuilt while the server takes reports: `rebuild.ts <seconds of filling> <reports a second meanwhile> <samples a report of the filling>`. Prints a JSON line for
 * each model: how long acknowledgements took before and meanwhile, and what the rebuild cost.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { LoadOptions, Measured } from './load/types.ts';

const root = path.resolve(import.meta.dirname, '../..');
const operatorToken = 'operator-token-of-the-bench';
const [fillSeconds = 20, reportsPerSecond = 4000, samplesAReport = 100] = process.argv.slice(2).map(Number);
const beforeSeconds = 10;
const fill = { way: 'websocket', form: 'binary', samples: samplesAReport, connections: 200, inFlight: 4 } as const;
const drive = {
  way: 'websocket',
  form: 'binary',
  samples: 1,
  connections: 1000,
  inFlight: 0,
  firstDevice: 200,
  reportsPerSecond,
} as const;

const startServer = async (data: string): Promise<{ child: ChildProcess; origin: string }> => {
  const env = { PATH: process.env['PATH'], MILEPOST_PORT: '0', MILEPOST_DATA: data, MILEPOST_OPERATOR_TOKEN: operatorToken };
  const args = ['server/src/app/main.ts', '--mode=serve'];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = /ready at (\S+)/.exec(line)?.[1];
    if (origin) return { child, origin };
  }
  throw new Error('the server ended before it was ready');
};

class Load {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  last: Measured | undefined;

  constructor(load: Omit<LoadOptions, 'origin' | 'operatorToken'>, origin: string) {
    const program = path.join(import.meta.dirname, 'load/main.ts');
    const child = spawn(process.execPath, [program, JSON.stringify({ ...load, origin, operatorToken })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }
  /** A second later. */
  async next(): Promise<Measured> {
    const line = await this.#lines.next();
    if (line.done) throw new Error('the load generator has ended');
    this.last = JSON.parse(line.value) as Measured;
    return this.last;
  }
  async seconds(count: number): Promise<Measured> {
    for (let second = 1; second < count; second++) await this.next();
    return this.next();
  }
  /** Latencies count from here on. */
  begin(): void {
    this.#child.stdin?.write('begin\n');
  }
  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

const rebuild = async (model: string, data: string): Promise<string> => {
  const args = ['server/src/app/rebuild-main.ts', model, '--data', data];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => void (output += text.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`the rebuild of ${model} ended with ${child.exitCode}\n${output}`);
  return output;
};

const figuresOf = (output: string): object => {
  const [, records, seconds, cpuSeconds] =
    /built from (\d+) records of the log in ([\d.]+) s \(([\d.]+) s of CPU\)/.exec(output) ?? [];
  const compared = [...output.matchAll(/^(\d+ [a-z ]+) compared: (\d+) differ/gm)].map(
    ([, what, differ]) => `${what}: ${differ} differ`,
  );
  return { records: Number(records), seconds: Number(seconds), cpuSeconds: Number(cpuSeconds), compared };
};

const data = await mkdtemp(path.join(tmpdir(), 'milepost-bench-'));
const { child, origin } = await startServer(data);
try {
  const filling = new Load(fill, origin);
  const { reports } = await filling.seconds(fillSeconds);
  await filling.end();
  const load = new Load(drive, origin);
  await load.seconds(5);
  for (const model of ['history', 'live']) {
    load.begin();
    const before = await load.seconds(beforeSeconds);
    load.begin();
    let isDone = false;
    const rebuilding = rebuild(model, data).finally(() => void (isDone = true));
    while (!isDone) await load.next();
    const output = await rebuilding;
    const during = load.last as Measured;
    const figures = {
      model,
      samplesBefore: reports * fill.samples,
      reportsPerSecond,
      ackBeforeMs: { p50: before.ackP50Ms, p99: before.ackP99Ms },
      ackMeanwhileMs: { p50: during.ackP50Ms, p99: during.ackP99Ms },
      ...figuresOf(output),
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
  await load.end();
} finally {
  child.kill('SIGTERM');
  await once(child, 'exit');
  await rm(data, { recursive: true, force: true });
}

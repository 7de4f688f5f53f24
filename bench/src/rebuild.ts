/**
 * A read model that is rebuilt while the server takes reports: `rebuild.ts <seconds of filling> <reports a second meanwhile> <samples a report of the filling>`. Prints a JSON line for
 * each model: how long acknowledgements took before and meanwhile, and what the rebuild cost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Measured } from './load/types.ts';
import { startLoad, startServer } from './server.ts';

const root = path.resolve(import.meta.dirname, '../..');
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

class Load {
  readonly #load: ReturnType<typeof startLoad>;
  last: Measured | undefined;

  constructor(...load: Parameters<typeof startLoad>) {
    this.#load = startLoad(...load);
  }
  /** A second later. */
  async next(): Promise<Measured> {
    this.last = await this.#load.next();
    return this.last;
  }
  async seconds(count: number): Promise<Measured> {
    for (let second = 1; second < count; second++) await this.next();
    return this.next();
  }
  /** Latencies count from here on. */
  begin(): void {
    this.#load.begin();
  }
  async end(): Promise<void> {
    const { child } = this.#load;
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
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
const { child, ...origins } = await startServer(data);
try {
  const filling = new Load(fill, origins);
  const { reports } = await filling.seconds(fillSeconds);
  await filling.end();
  const load = new Load(drive, origins);
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

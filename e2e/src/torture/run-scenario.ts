import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { TortureContext } from './context.ts';
import type { Outcome, Result, Scenario } from './scenario.ts';
import type { Size } from './size.ts';
import { rounded, secondsSince } from './support/figures.ts';

const signals = ['SIGINT', 'SIGTERM'] as const;
const root = path.resolve(import.meta.dirname, '../../..');

const readCommit = (): string => {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};

/** Why this machine cannot run it; undefined: it can. */
export const whyNot = (scenario: Scenario): string | undefined => {
  const missing = (scenario.needs ?? []).map((need) => need.missing()).filter((why) => why !== undefined);
  return missing.length > 0 ? missing.join('; ') : undefined;
};

/** Runs a scenario and undoes what it did to the machine; throws what it throws. */
export const inflict = async (
  scenario: Scenario,
  size: Size,
  say: (line: string) => void,
): Promise<Outcome & { peakMemoryMb: number | undefined }> => {
  const context = new TortureContext(size, say);
  // Who is interrupted leaves no servers, disks or stopped databases behind, either.
  const interrupted = (): void => void context.close().finally(() => process.exit(130));
  for (const signal of signals) process.once(signal, interrupted);
  try {
    const outcome = await scenario.run(context);
    return { ...outcome, peakMemoryMb: context.memory.mb };
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    await context.close();
  }
};

/** Once: the results that are written change the tree, too. */
const commit = readCommit();

const describe = (scenario: Scenario) => ({
  scenario: scenario.name,
  what: scenario.what,
  command: `npm run torture ${scenario.name}`,
  commit,
  date: new Date().toISOString().slice(0, 10),
  loadBefore: rounded(loadavg()[0] ?? 0),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
});

/** Runs a scenario at its full size, if the machine can, and says what came of it. */
export const runScenario = async (scenario: Scenario, size: Size, say: (line: string) => void): Promise<Result> => {
  const about = describe(scenario);
  const why = whyNot(scenario);
  if (why !== undefined) return { ...about, outcome: 'skipped', why };
  const startMs = performance.now();
  try {
    const { peakMemoryMb, recoverySeconds, ...outcome } = await inflict(scenario, size, say);
    return {
      ...about,
      outcome: 'passed',
      seconds: secondsSince(startMs),
      ...outcome,
      ...(recoverySeconds ? { recoverySeconds: recoverySeconds.map((seconds) => rounded(seconds)) } : {}),
      ...(peakMemoryMb === undefined ? {} : { peakMemoryMb }),
    };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(text);
    return {
      ...about,
      outcome: 'failed',
      why: error instanceof Error ? error.message : text,
      seconds: secondsSince(startMs),
    };
  }
};

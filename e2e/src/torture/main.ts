/**
 * `npm run torture [scenario …] [--list] [--short]`: what faults do to a real server, at full size. Results go to e2e/torture-results/,
 * the page docs/faults.md is made of them. `npm test` runs the short form of those that are quick.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runScenario, whyNot } from './run-scenario.ts';
import type { Result, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { resultsFolder, writePage } from './write-page.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const list = (): void => {
  for (const scenario of scenarios) {
    const why = whyNot(scenario);
    say(`${scenario.name.padEnd(20)} ${scenario.what}${why === undefined ? '' : ` (skipped here, because ${why})`}`);
  }
};

const chosen = (names: readonly string[]): readonly Scenario[] => {
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no scenario ${unknown}, expected some of ${scenarios.map(({ name }) => name).join(', ')}`);
  return names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name));
};

const tell = ({ scenario, outcome, why, seconds, acknowledged, found, recoverySeconds = [], peakMemoryMb }: Result): void => {
  if (outcome === 'skipped') say(`${scenario}: skipped, because ${why}`);
  else if (outcome === 'failed') say(`${scenario}: failed after ${seconds} s: ${why}`);
  else
    say(
      `${scenario}: passed in ${seconds} s; ${found} of ${acknowledged} acknowledged reports found; recovery at most ${Math.max(0, ...recoverySeconds)} s; peak ${peakMemoryMb} MB`,
    );
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean' }, short: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.list) {
    list();
    return 0;
  }
  const results: Result[] = [];
  mkdirSync(resultsFolder, { recursive: true });
  for (const scenario of chosen(positionals)) {
    say(`${scenario.name}: ${scenario.what}`);
    const result = await runScenario(scenario, values.short ? 'short' : 'full', say);
    tell(result);
    results.push(result);
    // A short run proves that the steps work; the figures are of full ones.
    if (!values.short) writeFileSync(path.join(resultsFolder, `${scenario.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  }
  if (!values.short) writePage();
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
};

process.exit(await main());

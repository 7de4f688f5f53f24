/** Writes the tables of docs/faults.md from e2e/torture-results: `node e2e/src/torture/write-page.ts`; `npm run torture` does it at its end. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Figures, Result } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const page = path.join(root, 'docs/faults.md');
export const resultsFolder = path.join(root, 'e2e/torture-results');

const readResult = (name: string): Result | undefined => {
  const file = path.join(resultsFolder, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined;
};

const grouped = (value: number | undefined): string => (value === undefined ? '' : value.toLocaleString('en-US'));

const recoveryOf = ({ recoverySeconds = [] }: Result): string => {
  if (recoverySeconds.length === 0) return '';
  const sorted = [...recoverySeconds].sort((a, b) => a - b);
  const worst = grouped(sorted.at(-1));
  return sorted.length === 1 ? worst : `${grouped(sorted[Math.floor(sorted.length / 2)])} / ${worst}`;
};

const outcomeOf = ({ outcome, why }: Result): string => {
  const reason = why?.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return outcome === 'skipped' ? `skipped, because ${reason}` : outcome === 'failed' ? `**failed**: ${reason}` : 'passed';
};

const rowOf = (result: Result): string =>
  [
    `[\`${result.scenario}\`](#${result.scenario})`,
    outcomeOf(result),
    grouped(result.acknowledged),
    result.acknowledged === undefined ? '' : grouped(result.acknowledged - (result.found ?? 0)),
    recoveryOf(result),
    grouped(result.peakMemoryMb),
    grouped(result.seconds),
    grouped(result.loadBefore),
    result.commit,
  ].join(' | ');

const table = (): string => {
  const rows = scenarios.flatMap(({ name }) => readResult(name) ?? []).map((result) => `| ${rowOf(result)} |`);
  const head =
    '| scenario | result | acknowledged | lost | recovery median / worst, s | peak memory, MB | took, s | load | commit |\n|---|---|---|---|---|---|---|---|---|';
  return [head, ...rows].join('\n');
};

const linesOf = (figures: Figures = {}): string =>
  Object.entries(figures)
    .map(([name, value]) => `- ${name}: ${typeof value === 'number' ? grouped(value) : value}`)
    .join('\n');

const sections = (): string =>
  scenarios
    .map(({ name, what, expected }) => {
      const figures = linesOf(readResult(name)?.figures);
      return `### ${name}\n\n${what[0]?.toUpperCase()}${what.slice(1)}.\n\n${expected}${figures === '' ? '' : `\n\n${figures}`}`;
    })
    .join('\n\n');

export const writePage = (): void => {
  const replace = (text: string, name: string, content: string): string => {
    const block = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- end -->)`);
    if (!block.test(text)) throw new Error(`docs/faults.md has no place for ${name}`);
    return text.replace(block, (_all, start: string, end: string) => `${start}\n${content}\n\n${end}`);
  };
  const text = replace(readFileSync(page, 'utf8'), 'table', table());
  writeFileSync(page, replace(text, 'scenarios', sections()));
};

if (process.argv[1] === import.meta.filename) writePage();

/** Writes the tables of docs/bench.md from bench/results: `node bench/src/write-page.ts`; `npm run bench` does it at its end. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scenarios } from './scenarios.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = path.join(root, 'docs/bench.md');

interface Result {
  readonly scenario: string;
  readonly what: string;
  readonly commit: string;
  readonly date: string;
  readonly connections?: number;
  readonly reportsPerCpuSecond?: number;
  readonly samplesPerCpuSecond?: number;
  readonly reportsPerSecond?: number;
  readonly serverCpuCores?: number;
  readonly ackP50Ms?: number;
  readonly ackP99Ms?: number;
  readonly serverPeakMemoryMb?: number;
  /** Reports parsed a CPU second, see reference.ts; results before 2026-11-21 have none. */
  readonly reference?: number;
  readonly figures?: readonly { readonly what?: string; readonly [name: string]: unknown }[];
}

const readResults = (): Result[] => {
  const folder = path.join(root, 'bench/results');
  const names = new Set(readdirSync(folder));
  return Object.keys(scenarios)
    .filter((name) => names.has(`${name}.json`))
    .map((name) => JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as Result);
};

const grouped = (value: number | undefined): string => (value === undefined ? '' : value.toLocaleString('en-US'));

const loadTable = (results: readonly Result[]): string => {
  const rows = results
    .filter(({ reportsPerCpuSecond }) => reportsPerCpuSecond !== undefined)
    .map((one) =>
      [
        `\`${one.scenario}\``,
        one.what,
        grouped(one.connections),
        grouped(one.reportsPerCpuSecond),
        grouped(one.samplesPerCpuSecond),
        grouped(one.reportsPerSecond),
        grouped(one.serverCpuCores),
        `${one.ackP50Ms} / ${one.ackP99Ms}`,
        grouped(one.serverPeakMemoryMb),
        grouped(one.reference),
        one.commit,
      ].join(' | '),
    );
  const head =
    '| scenario | what | connections | reports a CPU s | samples a CPU s | reports a s | cores | ack p50 / p99 ms | peak MB | reference | commit |';
  return [head, '|---|---|---|---|---|---|---|---|---|---|---|', ...rows.map((row) => `| ${row} |`)].join('\n');
};

const figuresOf = ({ figures = [] }: Result): string =>
  figures
    .map(({ what, ...values }) => {
      const pairs = Object.entries(values).map(
        ([name, value]) =>
          `${name} ${typeof value === 'number' ? grouped(value) : typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      return `- ${what === undefined ? '' : `${what}: `}${pairs.join(', ')}`;
    })
    .join('\n');

const scriptSections = (results: readonly Result[]): string =>
  results
    .filter(({ figures }) => figures !== undefined)
    .map(
      (one) =>
        `### \`${one.scenario}\`: ${one.what}\n\nCommit ${one.commit}, ${one.date}${one.reference === undefined ? '' : `, reference ${grouped(one.reference)}`}.\n\n${figuresOf(one)}`,
    )
    .join('\n\n');

export const writePage = (): void => {
  const results = readResults();
  const replace = (text: string, name: string, content: string): string => {
    const block = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- end -->)`);
    if (!block.test(text)) throw new Error(`docs/bench.md has no place for ${name}`);
    return text.replace(block, (_all, start: string, end: string) => `${start}\n${content}\n\n${end}`);
  };
  const text = replace(readFileSync(page, 'utf8'), 'load', loadTable(results));
  writeFileSync(page, replace(text, 'scripts', scriptSections(results)));
};

if (process.argv[1] === import.meta.filename) writePage();

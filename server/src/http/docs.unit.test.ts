import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { closeCodes, coreSignals, errorCodes, type SignalDefinition } from '@milepost/contract';
import { type ApiRoute, apiRoutes } from '@milepost/contract/api';

// The tables of these pages come from the code. `UPDATE_DOCS=1 node --test server/src/http/docs.unit.test.ts` writes them.

const fileOf = (page: string): URL => new URL(`../../../docs/${page}`, import.meta.url);
const read = (page: string): string => readFileSync(fileOf(page), 'utf8');

const table = (heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
};

const checkTable = (page: string, name: string, expected: string): void => {
  const text = read(page);
  const block = new RegExp(`(<!-- table: ${name} -->\\n)([^]*?)(<!-- end -->)`);
  assert.match(text, block, `${page} has a place for the table of ${name}`);
  const written = text.replace(block, (_all, start: string, _old, end: string) => `${start}${expected}\n${end}`);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(fileOf(page), written);
  else assert.equal(text, written, `${page}: run with UPDATE_DOCS=1`);
};

const kindOf = (signal: SignalDefinition): string => (signal.kind === 'enum' ? (signal.values ?? []).join(', ') : signal.kind);
const grouped = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 7 });
const boundsOf = (signal: SignalDefinition): string => {
  if (signal.kind === 'number') return `${grouped(signal.min)} … ${grouped(signal.max)}`;
  return signal.kind === 'string' || signal.kind === 'stringList' ? `${grouped(signal.max)} B` : '';
};
const stepOf = (signal: SignalDefinition): string => (signal.kind === 'number' ? String(1 / signal.perUnit) : '');

test('docs/signals.md lists every signal of the core table', () => {
  const heads = ['number', 'path', 'kind', 'unit', 'step', 'bounds', 'group', 'class', 'origin', 'source'];
  const rows = coreSignals.map((signal) => [
    signal.number,
    `\`${signal.path}\``,
    kindOf(signal),
    signal.unit,
    stepOf(signal),
    boundsOf(signal),
    signal.group,
    signal.dataActClass,
    signal.origin,
    signal.sourcePriority[0] ?? '',
  ]);
  checkTable('signals.md', 'signals', table(heads, rows));
});

test('docs/errors.md lists every error code and close code', () => {
  const rows = Object.entries(errorCodes).map(([code, { status, title }]) => [`<a id="${code}"></a>\`${code}\``, status, title]);
  checkTable('errors.md', 'errors', table(['code', 'status', 'title'], rows));
  const closes = Object.entries(closeCodes).sort(([, a], [, b]) => a - b);
  checkTable(
    'errors.md',
    'close codes',
    table(
      ['code', 'name'],
      closes.map(([name, code]) => [code, `\`${name}\``]),
    ),
  );
});

test('docs/api.md lists every route', () => {
  const rows = (Object.values(apiRoutes) as ApiRoute[]).map((route) => [
    `\`${route.method} ${route.path}\``,
    route.summary,
    route.access,
    route.status,
  ]);
  checkTable('api.md', 'routes', table(['route', 'what', 'for', 'status'], rows));
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { closeCodes, coreSignals, errorCodes, type SignalDefinition } from '@milepost/contract';
import { type ApiRoute, apiLimits, apiRoutes } from '@milepost/contract/api';
import { streamLimits } from '@milepost/contract/stream';
import { journalLimits } from '../eventlog/adapters/journal/options.ts';
import { ingestLimits, sessionLimits } from '../ingest/index.ts';
import { lakeLimits } from '../lake/index.ts';
import { listenerLimits, mqttLimits } from '../protocols/index.ts';
import { accessLimits } from './access/operator-access.ts';
import { httpLimits } from './limits.ts';
import { browserStreamLimits } from './stream/limits.ts';

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

/** What docs/limits.md speaks of, by the names in its headings. */
const allLimits: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  listenerLimits,
  mqttLimits,
  sessionLimits,
  ingestLimits,
  journalLimits: { ...journalLimits },
  apiLimits,
  httpLimits,
  lakeLimits,
  accessLimits,
  streamLimits,
  browserStreamLimits,
};

const units: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  day: 86_400_000,
  days: 86_400_000,
};

/** `1,024`, `64 MiB`, `1 MiB and 1 KiB`, `14 days`, `2^32 − 1`. */
const readValue = (text: string): number =>
  text.split(' and ').reduce((sum, part) => {
    const power = /^2\^(\d+) − 1$/.exec(part);
    if (power) return sum + 2 ** Number(power[1]) - 1;
    const [, digits = '', unit = ''] = /^([\d,]+) ?(\w*)$/.exec(part) ?? [];
    return sum + Number(digits.replaceAll(',', '') || Number.NaN) * (units[unit] ?? Number.NaN);
  }, 0);

/** The limits of a page by name: `| `a`, `b` | 1, 2 MiB | … |`. A setting beside a value stands in marks or parentheses. */
const limitsOfPage = (text: string): Map<string, { readonly object: string; readonly value: string }[]> => {
  const found = new Map<string, { readonly object: string; readonly value: string }[]>();
  let objects: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) objects = [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    const [, names = '', values = ''] = line.split('|').map((cell) => cell.trim());
    if (!names.startsWith('`')) continue;
    const named = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    const valued = values.replaceAll(/ \(.*?\)|, `\w+`/g, '').split(', ');
    assert.equal(valued.length, named.length, `${line}: a value for each name`);
    for (const [i, name] of named.entries()) {
      const object = objects.find((one) => allLimits[one] && name in allLimits[one]);
      assert.ok(object, `${name} stands below ${objects.join(', ')}, where there is none`);
      found.set(name, [...(found.get(name) ?? []), { object, value: valued[i] as string }]);
    }
  }
  return found;
};

test('docs/limits.md names every limit of devices, log, API and browser stream, with the value that it has', () => {
  const page = limitsOfPage(read('limits.md'));
  for (const [object, limits] of Object.entries(allLimits)) {
    for (const [name, value] of Object.entries(limits)) {
      const row = page.get(name)?.find((one) => one.object === object);
      assert.ok(row, `${object}.${name} is missing`);
      assert.equal(readValue(row.value), value, `${object}.${name} is ${value}, the page says ${row.value}`);
    }
  }
});

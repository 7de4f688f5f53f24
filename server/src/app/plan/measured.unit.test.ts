import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Measured, measured } from './measured.ts';

const results = path.resolve(import.meta.dirname, '../../../../bench/results');

const read = ({ scenario, of, field }: Measured): unknown => {
  const result = JSON.parse(readFileSync(path.join(results, `${scenario}.json`), 'utf8')) as {
    figures?: Record<string, unknown>[];
  };
  const holder = of
    ? result.figures?.find((one) => Object.entries(of).every(([name, value]) => one[name] === value))
    : (result as unknown);
  return field.split('.').reduce((value: unknown, name) => (value as Record<string, unknown> | undefined)?.[name], holder);
};

test('each figure is the one in the results of its bench (UPDATE_DOCS=1 takes them over)', () => {
  if (process.env['UPDATE_DOCS']) {
    const file = path.join(import.meta.dirname, 'measured.ts');
    let text = readFileSync(file, 'utf8');
    for (const [name, figure] of Object.entries(measured))
      text = text.replace(
        new RegExp(`(\\n  ${name}: \\{\\s*value: )[\\d._]+`),
        (_all, head: string) => `${head}${String(read(figure))}`,
      );
    writeFileSync(file, text);
    return;
  }
  for (const [name, figure] of Object.entries(measured)) assert.equal(figure.value, read(figure), `${name}, ${figure.scenario}`);
});

test('each figure is more than nothing', () => {
  for (const [name, { value }] of Object.entries(measured)) assert.ok(value > 0, name);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import de from './de/index.ts';
import en from './en/index.ts';
import es from './es/index.ts';

const source = resolve(import.meta.dirname, '..');

const sentencesOf = (messages: object, prefix = ''): Map<string, string> =>
  new Map(
    Object.entries(messages).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [[prefix + key, value] as const] : [...sentencesOf(value as object, `${prefix}${key}.`)],
    ),
  );
const english = sentencesOf(en);
const others = { es: sentencesOf(es), de: sentencesOf(de) };

const placeholdersOf = (sentence: string): string[] => [...new Set(sentence.match(/\{\w+\}/g))].sort();
const formsOf = (sentence: string): number => sentence.split(' | ').length;

/** Names, symbols and what several languages took from Latin: the same in all, or in one. */
const symbols = [
  '{reader} · {car}',
  '{count} h',
  '{time}: {values}',
  '{from} → {to}',
  '{from} – {to}',
  '{field}: {expected}',
  '{start} – {end}',
  'ø {speed}',
  '{label}: {states}.',
  '{from} → {to}',
  '{from} – {to}',
  '{field}: {expected}',
  '{start} – {end}',
  'ø {speed}',
  'PostgreSQL',
  'bar',
  'kPa',
  'psi',
  'kg',
  'lb',
  '°C',
  '°F',
  '–',
  '',
  'VIN',
  'Demo',
  'PostgreSQL',
  'CSV',
  '3.14',
  '3,14',
  '2026-11-03T08:15:00',
  'Webhooks',
];
const same: Readonly<Record<string, readonly string[]>> = {
  es: ['no', 'Total'],
  de: [
    'App',
    'Log',
    'Name',
    'Status',
    'System',
    'Position',
    'Export',
    'Signal',
    'Filter',
    'Live',
    'Online',
    'Passkeys',
    'Code',
    'Partner',
    'online',
    'Offline',
    'offline',
  ],
};

for (const [language, sentences] of Object.entries(others)) {
  test(`${language} has the sentences of English, no more and no fewer`, () => {
    assert.deepEqual([...sentences.keys()].sort(), [...english.keys()].sort());
  });

  test(`${language} fills in what English fills in, with as many plural forms`, () => {
    for (const [key, sentence] of english) {
      assert.deepEqual(placeholdersOf(sentences.get(key) ?? ''), placeholdersOf(sentence), key);
      assert.equal(formsOf(sentences.get(key) ?? ''), formsOf(sentence), key);
    }
  });

  test(`${language} has no sentence left in English`, () => {
    const known = new Set([...symbols, ...(same[language] ?? [])]);
    const left = [...english].filter(([key, sentence]) => sentences.get(key) === sentence && !known.has(sentence));
    assert.deepEqual(left, []);
  });
}

const sources = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(vue|ts)$/.test(path) && !path.includes('.test.') && !path.startsWith('i18n'))
  .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }));

const keysIn = (text: string): string[] => [
  ...[...text.matchAll(/(?<![\w.])(?:\$t|t|tm|\$tm)\(\s*'([^']+)'/g)].map(([, key]) => key as string),
  ...[...text.matchAll(/keypath="([^"]+)"/g)].map(([, key]) => key as string),
];

test('every sentence that a page asks for is there', () => {
  const branches = new Set(
    [...english.keys()].flatMap((key) => key.split('.').map((_, n, parts) => parts.slice(0, n).join('.'))),
  );
  const missing = sources.flatMap(({ path, text }) =>
    keysIn(text)
      .filter((key) => !english.has(key) && !branches.has(key))
      .map((key) => `${path}: ${key}`),
  );
  assert.ok(sources.flatMap(({ text }) => keysIn(text)).length > 100, 'the pages ask for sentences');
  assert.deepEqual(missing, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createI18n } from 'vue-i18n';
import { compileMessage } from './compile-message.ts';
import de from './de/index.ts';
import en from './en/index.ts';
import es from './es/index.ts';

const sentencesOf = (messages: object): string[] =>
  Object.values(messages).flatMap((value: unknown) => (typeof value === 'string' ? [value] : sentencesOf(value as object)));

test('every sentence reads as the library would write it', () => {
  const sentences = [en, es, de].flatMap(sentencesOf);
  const messages = { en: Object.fromEntries(sentences.map((sentence, index) => [`s${index}`, sentence])) };
  const options = { legacy: false, locale: 'en', messages } as const;
  const theirs = createI18n(options).global.t as (key: string, values: object, plural: number) => string;
  const ours = createI18n({ ...options, messageCompiler: compileMessage }).global.t as typeof theirs;
  const names = sentences.flatMap((sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string));
  const named: Record<string, string> = Object.fromEntries(names.map((name) => [name, `<${name}>`]));
  assert.ok(sentences.length > 1500);
  for (const [index, sentence] of sentences.entries())
    for (const count of [0, 1, 2, 5])
      assert.equal(ours(`s${index}`, named, count), theirs(`s${index}`, named, count), `${sentence}, ${count}`);
});

test('a value that is not given leaves nothing', () => {
  const { t } = createI18n({
    legacy: false,
    locale: 'en',
    messages: { en: { one: 'at {place}.' } },
    messageCompiler: compileMessage,
  }).global;
  assert.equal(t('one'), 'at .');
  assert.equal(t('one', { place: 0 }), 'at 0.');
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'vue/compiler-sfc';

const source = resolve(import.meta.dirname, '..');

/** Attributes that a person reads or hears. */
const spoken = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-valuetext',
  'label',
  'legend',
  'note',
  'placeholder',
  'text',
  'title',
]);
/** The product's name, and what is printed on keys. */
const allowed = new Set(['Milepost', 'Ctrl K']);

interface TemplateNode {
  readonly type: number;
  readonly tag?: string;
  readonly content?: string | { readonly content?: string };
  readonly props?: readonly { readonly type: number; readonly name: string; readonly value?: { readonly content: string } }[];
  readonly children?: readonly TemplateNode[];
}
/** Kinds of @vue/compiler-core's nodes. */
const kinds = { text: 2, interpolation: 5, attribute: 6 };

const isWord = (text: string): boolean => /\p{L}{2}/u.test(text) && !allowed.has(text.trim());

/** Texts between quotes in what a template computes, unless they name a sentence, a class or a route. */
const saidIn = (expression: string): string[] =>
  [...expression.matchAll(/'([^']*)'/g)].map(([, text]) => text as string).filter((text) => /\p{L}+ \p{L}+/u.test(text));

const hardCoded = (node: TemplateNode): string[] => {
  const own: string[] = [];
  if (node.type === kinds.text && typeof node.content === 'string' && isWord(node.content)) own.push(node.content.trim());
  if (node.type === kinds.interpolation && typeof node.content === 'object') own.push(...saidIn(node.content.content ?? ''));
  for (const { type, name, value } of node.props ?? [])
    if (type === kinds.attribute && spoken.has(name) && isWord(value?.content ?? '')) own.push(`${name}="${value?.content}"`);
  return [...own, ...(node.children ?? []).flatMap(hardCoded)];
};

const textsOf = (vue: string): string[] => {
  const { descriptor } = parse(vue);
  return descriptor.template?.ast ? hardCoded(descriptor.template.ast as unknown as TemplateNode) : [];
};

test('the scanner finds what is written into a template', () => {
  const found = textsOf(`<template>
    <p title="Read me">{{ $t('a.b') }} Hello <b>12 %</b><i :class="{ on: x }" class="some words">·</i></p>
    <kbd>Ctrl K</kbd><q>{{ isOn ? 'It is on' : '' }}</q>
  </template>`);
  assert.deepEqual(found, ['title="Read me"', 'Hello', 'It is on']);
});

test('no template has words of its own: they are in i18n', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.vue'));
  assert.ok(files.length > 20);
  const found = files.flatMap((path) => textsOf(readFileSync(join(source, path), 'utf8')).map((text) => `${path}: ${text}`));
  assert.deepEqual(found, []);
});

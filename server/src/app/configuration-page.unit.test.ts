import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurationPage } from './configuration-page.ts';

test('docs/configuration.md lists every setting (UPDATE_DOCS=1 writes it anew)', () => {
  const page = new URL('../../../docs/configuration.md', import.meta.url);
  if (process.env['UPDATE_DOCS']) writeFileSync(page, configurationPage());
  assert.equal(readFileSync(page, 'utf8'), configurationPage());
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makePlan, planDefaults } from './plan.ts';
import { pageSizes, planTable } from './plan-text.ts';

test('the table of docs/operate/cluster.md is what `npm run plan` computes (UPDATE_DOCS=1 writes it anew)', () => {
  const page = new URL('../../../../docs/operate/cluster.md', import.meta.url);
  const text = readFileSync(page, 'utf8');
  const table = planTable(pageSizes.map((size) => makePlan({ ...planDefaults, ...size })));
  const place = /(<!-- plan -->\n)[^]*?(<!-- end -->)/;
  assert.match(text, place);
  const expected = text.replace(place, (_all, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  if (process.env['UPDATE_DOCS']) writeFileSync(page, expected);
  else assert.equal(text, expected);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const read = (path: string): Buffer => readFileSync(join(import.meta.dirname, path));

test('the example of docs/formats/report.md is a golden report', () => {
  const page = read('../../../docs/formats/report.md').toString('utf8');
  const example = page.slice(page.indexOf('## Example'), page.indexOf('## Rules'));
  const hex = [...example.matchAll(/^ {4}((?:[0-9a-f]{2} )+)/gm)].map(([, bytes]) => bytes?.replaceAll(' ', '')).join('');
  assert.equal(hex, read('golden/report-v1-constant-and-missing.bin').toString('hex'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureSource } from './measure-source.mjs';
import { compareWithRecord, limits } from './ratchet-rules.mjs';

const body = (/** @type {number} */ lines) => '  work();\n'.repeat(lines);

test('functions are measured from their first to their last line and named after what holds them', () => {
  const text = `const a = () => {\n${body(3)}};\nclass B {\n  constructor() {}\n  run() {\n${body(2)}  }\n}\nlist.map(() => {\n});\nlist.map(() => 1);\n`;
  const { lines, functions } = measureSource('x.ts', text);
  assert.equal(lines, 15);
  assert.deepEqual(functions, [
    ['a', 5],
    ['constructor', 1],
    ['run', 4],
    ['anonymous', 2],
    ['anonymous:2', 1],
  ]);
});

test('of a Vue component the script counts as code, and the file as a whole', () => {
  const { lines, functions } = measureSource(
    'x.vue',
    `<script setup lang="ts">\nconst a = () => {\n};\n</script>\n<template>\n</template>\n`,
  );
  assert.equal(lines, 6);
  assert.deepEqual(functions, [['a', 2]]);
});

test('new code keeps the limits', () => {
  const measured = {
    files: { 'a.ts': limits.files, 'b.ts': limits.files + 1 },
    functions: { 'a.ts#f': limits.functions, 'a.ts#g': limits.functions + 1 },
  };
  const { tooLong } = compareWithRecord(measured, { files: {}, functions: {} });
  assert.deepEqual(tooLong, ['b.ts has 401 lines, allowed are 400', 'a.ts#g has 71 lines, allowed are 70']);
});

test('a recorded excess may stay and shrink, never grow', () => {
  const recorded = { files: { 'a.ts': 500 }, functions: {} };
  const measure = (/** @type {number} */ lines) => compareWithRecord({ files: { 'a.ts': lines }, functions: {} }, recorded);
  assert.deepEqual(measure(500), { tooLong: [], tightened: recorded, isTight: true });
  assert.deepEqual(measure(450), { tooLong: [], tightened: { files: { 'a.ts': 450 }, functions: {} }, isTight: false });
  assert.deepEqual(measure(501).tooLong, ['a.ts has 501 lines, allowed are 500']);
  assert.deepEqual(measure(400).tightened, { files: {}, functions: {} });
});

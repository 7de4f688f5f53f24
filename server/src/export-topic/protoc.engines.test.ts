import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { decodeWithProtoc, ensureProtoc } from '../../../tools/lib/engines.mjs';
import { publishedSchemaPath } from './testing/read-published.ts';

test('the compiler of Protocol Buffers itself reads golden messages by the published schema as they were meant', (context) => {
  const protoc = ensureProtoc();
  if ('problem' in protoc) {
    context.skip(protoc.problem);
    return;
  }
  for (const name of ['telemetry', 'heartbeat', 'connection']) {
    const file = path.join(import.meta.dirname, 'golden', `export-v1-${name}`);
    const message = readFileSync(`${file}.bin`);
    const text = decodeWithProtoc(protoc.path, publishedSchemaPath, 'milepost.export.v1.VehicleReport', message);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(`${file}.txt`, text);
    assert.equal(text, readFileSync(`${file}.txt`, 'utf8'), name);
  }
});

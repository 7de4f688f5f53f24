import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRange } from './map-tiles.ts';

test('one range is read as RFC 9110 has it, and what is none is the whole file', () => {
  const cases: [header: string | undefined, expected: ReturnType<typeof readRange>][] = [
    [undefined, undefined],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=90-', { start: 90, end: 99 }],
    ['bytes=90-500', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-500', { start: 0, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-3', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,5-6', undefined],
    ['lines=0-9', undefined],
    ['bytes=0x1-9', undefined],
  ];
  for (const [header, expected] of cases) assert.deepEqual(readRange(header, 100), expected, header);
  assert.equal(readRange('bytes=0-0', 0), 'unsatisfiable');
  assert.equal(readRange('bytes=-1', 0), 'unsatisfiable');
});

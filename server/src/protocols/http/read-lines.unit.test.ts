import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CallerError } from '../../kernel/index.ts';
import { readSlice, sliceLines } from './read-lines.ts';

const slices = (text: string, linesMax = 1000) => [...sliceLines(Buffer.from(text), linesMax)].map(readSlice);
const read = (text: string, linesMax?: number): unknown[] => slices(text, linesMax).flat();

test('lines are values in their order, whatever stands between them, in slices of any size', () => {
  const value = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ unit: 'grapheme' }), fc.integer());
  const between = fc.constantFrom('\n', '\r\n', '\n\n', '\n  \n');
  fc.assert(
    fc.property(fc.array(fc.tuple(value, between)), fc.integer({ min: 1, max: 7 }), (lines, sliceMax) => {
      const text = lines.map(([one, separator]) => JSON.stringify(one) + separator).join('');
      assert.deepEqual(
        read(text, sliceMax),
        lines.map(([one]) => JSON.parse(JSON.stringify(one)) as unknown),
      );
      assert.ok(slices(text, sliceMax).every(({ length }) => length <= sliceMax));
    }),
  );
});

test('a line that is no JSON is named by its number in the body, blank ones counted', () => {
  const refused = (text: string, number: number, sliceMax?: number): void =>
    assert.throws(
      () => read(text, sliceMax),
      (error) => error instanceof CallerError && error.details.field === `line ${number}`,
    );
  refused('{}\n\n{"a":\n{}', 3);
  refused('{}\n{}\n{}\nx', 4, 2);
  refused('{} {}', 1);
});

test('nothing is no value', () => {
  assert.deepEqual(read(''), []);
  assert.deepEqual(read(' \r\n\n'), []);
});

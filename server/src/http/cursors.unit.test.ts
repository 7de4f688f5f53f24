import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageByNumber, readCursor, writeCursor } from './cursors.ts';

test('a cursor comes back as it was written', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), (number, text) => {
      assert.deepEqual(readCursor(writeCursor([number, text]), ['number', 'string']), [number, text]);
    }),
  );
});

test('a text that is no cursor is refused, never read in part', () => {
  for (const text of [
    'x',
    '!!!',
    writeCursor([1]),
    writeCursor(['1', 2]),
    writeCursor([1, 2, 3]),
    Buffer.from('{}').toString('base64url'),
  ]) {
    assert.throws(() => readCursor(text, ['number', 'number']), { code: 'invalid_field', message: /^cursor/ }, text);
  }
});

test('pages hold every item once, in order, whatever the size of a page', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 7 }),
      (numbers, limit) => {
        const seen: number[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages <= numbers.length; pages++) {
          const page = pageByNumber(numbers, (number) => number, { cursor, limit });
          assert.ok(page.items.length <= limit);
          seen.push(...page.items);
          if (page.next === null) break;
          cursor = page.next;
        }
        assert.deepEqual(
          seen,
          [...numbers].sort((a, b) => a - b),
        );
      },
    ),
  );
});

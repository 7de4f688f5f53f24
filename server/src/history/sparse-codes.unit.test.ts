import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, FormatError } from '../events/index.ts';
import { riceCodeEnd } from './rice-codes.ts';
import { readSparse, sparseSize, sumSparse, writeSparse } from './sparse-codes.ts';

const others = fc.oneof(fc.constant([1]), fc.constant([1, 2]), fc.constant([3, 900, 70_000]), fc.constant([1, riceCodeEnd - 1]));
/** Runs of zeros, and codes of one kind between them. */
const mostlyZeros = fc
  .tuple(others, fc.array(fc.tuple(fc.nat(60), fc.nat(2)), { minLength: 1, maxLength: 80 }), fc.nat(200))
  .map(([kinds, runs, tail]) => [
    ...runs.flatMap(([zeros, kind]) => [...Array.from({ length: zeros }, () => 0), kinds[kind % kinds.length] as number]),
    ...Array.from({ length: tail }, () => 0),
  ]);

const differenceOf = (code: number): number => (code % 2 === 0 ? code / 2 : -(code + 1) / 2);

test('sparse codes come back, in the bytes that were foretold, and add up', () => {
  let written = 0;
  fc.assert(
    fc.property(mostlyZeros, fc.nat(), (list, upTo) => {
      const codes = Float64Array.from(list);
      const size = sparseSize(codes, codes.length);
      const zeros = list.filter((code) => code === 0).length;
      assert.equal(size === undefined, zeros * 2 < list.length);
      if (!size) return;
      written++;
      const out = new ByteWriter(16);
      writeSparse(out, codes, codes.length, size);
      assert.equal(out.at, size.bytes);
      const into = new Float64Array(codes.length);
      const input = new ByteReader(out.toBytes());
      readSparse(input, into, codes.length);
      assert.deepEqual([...into], list);
      assert.equal(input.at, input.end);
      const wanted = upTo % (list.length + 1);
      const again = new ByteReader(out.toBytes());
      const sum = list.slice(0, wanted).reduce((all, code) => all + differenceOf(code), 0);
      assert.equal(sumSparse(again, codes.length, wanted), sum);
      assert.equal(again.at, again.end);
    }),
    { numRuns: 1000 },
  );
  assert.ok(written > 500, `${written} were written`);
});

test('codes that are all 0 have another form', () => {
  assert.equal(sparseSize(new Float64Array(9), 9), undefined);
});

test('bytes that say more differences than the column has are refused', () => {
  const read = (...bytes: number[]): void => readSparse(new ByteReader(Uint8Array.from(bytes)), new Float64Array(4), 4);
  // One code, its gap in k = 2 low bits, a quotient of 0, all equal.
  read(1, 3, 2, 3, 1, 0, 0);
  assert.throws(() => read(5, 3, 2, 3, 1, 0, 0), FormatError);
  assert.throws(() => read(0, 3, 2, 3, 1, 0, 0), FormatError);
  assert.throws(() => read(1, 3, 3, 4, 1, 0, 0), FormatError, 'behind the last');
  assert.throws(() => read(1, 4, 2, 3, 1, 0, 0, 0), FormatError, 'bytes behind the gaps');
  assert.throws(() => read(1, 3, 2, 3, 1, 25, 0), FormatError, 'a form that is unknown');
});

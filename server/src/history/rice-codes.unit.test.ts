import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../events/index.ts';
import { columnForms, formMask, readIntegers, skipIntegers, writeIntegers, writeIntegersTwice } from './integer-column.ts';
import { readRice, riceCodeEnd, riceSize, writeRice } from './rice-codes.ts';

const code = fc.oneof(fc.nat(40), fc.nat(5000), fc.nat(riceCodeEnd - 1));

test('rice codes come back, in the bytes that were foretold', () => {
  fc.assert(
    fc.property(fc.array(code, { minLength: 1, maxLength: 300, size: 'max' }), (list) => {
      const codes = Float64Array.from(list);
      const size = riceSize(codes, codes.length);
      const out = new ByteWriter(16);
      writeRice(out, codes, codes.length, size.k);
      assert.equal(out.at, size.bytes);
      const into = new Float64Array(codes.length);
      const input = new ByteReader(out.toBytes());
      readRice(input, into, codes.length);
      assert.deepEqual([...into], list);
      assert.equal(input.at, input.end);
    }),
    { numRuns: 500 },
  );
});

test('a code larger than is written is read: older files have some', () => {
  const out = new ByteWriter(16);
  out.byte(0);
  // Twenty zeros and a one: an escape.
  out.append(Uint8Array.of(0, 0, 0b1_0000));
  out.varint(2 ** 40 + 1);
  const into = new Float64Array(1);
  readRice(new ByteReader(out.toBytes()), into, 1);
  assert.equal(into[0], 2 ** 40 + 1);
});

test('numbers whose differences are too large for rice codes come back', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => (i % 3) * 2 ** 33 + (i % 7));
  for (const isKept of [false, true]) {
    const out = new ByteWriter(16);
    writeIntegers(out, 0, values, 0, values.length, isKept ? 'kept' : 'quick');
    const input = new ByteReader(out.toBytes());
    const into = new Float64Array(values.length + 1);
    readIntegers(input, input.byte(), into, values.length);
    assert.deepEqual(into.subarray(0, values.length), values);
  }
});

/** A walk: values, their differences, and the differences of those are small. */
const walk = fc
  .tuple(
    fc.integer({ min: -(2 ** 49), max: 2 ** 49 }),
    fc.array(fc.integer({ min: -30, max: 30 }), { maxLength: 400, size: 'max' }),
    fc.nat(2),
  )
  .map(([first, steps, order]) => {
    const values = [first];
    let speed = 0;
    for (const step of steps) {
      speed = order === 2 ? speed + step : step;
      values.push(order === 0 ? first + step * 10 : (values.at(-1) as number) + speed);
    }
    return values;
  });

test('numbers of a column come back at full effort, and are passed over without being read', () => {
  const forms = new Set<number>();
  fc.assert(
    fc.property(fc.oneof(walk, fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 50 })), fc.boolean(), (list, isTwice) => {
      const out = new ByteWriter(16);
      const values = Float64Array.from(list);
      if (isTwice) writeIntegersTwice(out, 0, values, 0, values.length);
      else writeIntegers(out, 0, values, 0, values.length, 'kept');
      out.byte(99);
      const input = new ByteReader(out.toBytes());
      const form = input.byte();
      forms.add(form);
      const into = new Float64Array(values.length + 1);
      readIntegers(input, form & formMask, into, values.length);
      assert.deepEqual([...into.subarray(0, values.length)], list);
      assert.equal(input.byte(), 99);
      const passing = new ByteReader(out.toBytes());
      skipIntegers(passing, passing.byte() & formMask, values.length);
      assert.equal(passing.byte(), 99);
    }),
    { numRuns: 600 },
  );
  for (const form of [columnForms.twice, columnForms.rice, columnForms.scaled])
    assert.ok(forms.has(form), `form ${form} was not met`);
});

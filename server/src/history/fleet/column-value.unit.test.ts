import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../events/index.ts';
import { formMask, readIntegers, writeIntegers, writeIntegersTwice } from '../integer-column.ts';
import { valueAt } from './column-value.ts';

const steps = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -40, max: 40 }),
  fc.integer({ min: -5000, max: 5000 }),
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
);
const columns = fc.oneof(
  // As values come: most steps small, some very large.
  fc
    .tuple(
      fc.integer(),
      fc.array(fc.oneof({ weight: 12, arbitrary: fc.integer({ min: -30, max: 30 }) }, steps), { minLength: 0, maxLength: 300 }),
      fc.constantFrom(1, 10, 100, 37),
    )
    .map(([first, all, scale]) => {
      let value = first;
      return [value, ...all.map((step) => (value += step * scale))];
    }),
  fc.array(steps, { minLength: 1, maxLength: 40 }),
  fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 20 }),
  // A way driven at an even speed.
  fc
    .tuple(
      fc.integer(),
      fc.integer({ min: -4000, max: 4000 }),
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 400, size: 'max' }),
    )
    .map(([first, step, noise]) => {
      let speed = step;
      let value = first;
      return noise.map((one) => (value += (speed += one) * 10));
    }),
);

const formsSeen = new Set<number>();

/** Every number of a column alone is the one that the whole column has there. */
const check = (numbers: readonly number[], isTwice: boolean, isKept: boolean, tail: number): void => {
  const values = Float64Array.from(numbers);
  const out = new ByteWriter(64);
  if (isTwice && values.length > 1) writeIntegersTwice(out, 0, values, 0, values.length);
  else writeIntegers(out, 0, values, 0, values.length, isKept ? 'kept' : 'quick');
  const end = out.at;
  // Other columns may follow or not.
  for (let i = 0; i < tail; i++) out.byte(0xa5);
  const bytes = out.toBytes();
  const whole = new Float64Array(values.length + 1);
  const reader = new ByteReader(bytes);
  const form = reader.byte() & formMask;
  formsSeen.add(form);
  readIntegers(reader, form, whole, values.length);
  for (const index of new Set([0, 1, 2, values.length >> 1, values.length - 2, values.length - 1])) {
    if (index < 0 || index >= values.length) continue;
    const input = new ByteReader(bytes);
    assert.equal(valueAt(input, input.byte() & formMask, values.length, index), whole[index]);
    assert.equal(input.at, end, `form ${form} ends elsewhere`);
  }
};

test('one number of a column is the number that the whole column has there', () => {
  const flags = [fc.boolean(), fc.boolean(), fc.nat(6)] as const;
  fc.assert(fc.property(columns, ...flags, check), { numRuns: 2000 });
});

/** Steps as they come on the road: noise of a kind, and now and then a jump. */
const drive = (rows: number, noise: number, jumps: number, scale: number): number[] => {
  let state = rows * 7919 + noise * 31 + jumps;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let value = 500_000;
  return Array.from({ length: rows }, () => {
    const step = random() < jumps / 100 ? (random() - 0.5) * 1e7 : Math.log(1 - random()) * noise * (random() < 0.5 ? -1 : 1);
    value += Math.round(step) * scale;
    return value;
  });
};

const sumsOf = (all: readonly number[]): number[] => {
  let sum = 0;
  return all.map((step) => (sum += step - 500_000));
};

test('… in every form that is written', () => {
  for (const rows of [2, 3, 40, 64, 300, 1024]) {
    for (const noise of [0.2, 3, 90, 4000]) {
      for (const jumps of [0, 1, 20]) {
        for (const scale of [1, 10, 37]) {
          const numbers = drive(rows, noise, jumps, scale);
          for (const tail of [0, 1, 5]) {
            check(numbers, false, false, tail);
            check(numbers, false, true, tail);
            check(sumsOf(numbers), true, true, tail);
          }
        }
      }
    }
  }
  check([2 ** 52, -(2 ** 52), 7], false, false, 0);
  check(
    Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 2 ** 52 : -(2 ** 52))),
    false,
    false,
    0,
  );
  check([5, 5, 5], false, false, 0);
  for (const form of [0, 32, 33, 34, 35, 36, 37, 38, 39, 40]) assert.ok(formsSeen.has(form), `form ${form} was not met`);
  assert.ok(
    [...formsSeen].some((form) => form >= 41),
    'no form of tenths was met',
  );
});

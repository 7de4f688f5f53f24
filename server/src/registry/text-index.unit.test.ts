import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextIndex } from './text-index.ts';

test('it answers as a Map does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.boolean()), { maxLength: 200 }), (steps) => {
      const texts = ['never a number'];
      const model = new Map<string, number>();
      const index = new TextIndex((no) => texts[no] as string);
      for (const [text, isPut] of steps) {
        if (isPut) {
          const no = texts.push(text) - 1;
          index.put(text, no);
          model.set(text, no);
        }
        assert.equal(index.find(text), model.get(text) ?? 0);
      }
      assert.equal(index.size, model.size);
    }),
    { numRuns: 300 },
  );
});

test('it grows', () => {
  const index = new TextIndex((no) => `veh_${no}`);
  for (let no = 1; no <= 20_000; no++) index.put(`veh_${no}`, no);
  for (let no = 1; no <= 20_000; no++) assert.equal(index.find(`veh_${no}`), no);
  assert.equal(index.find('veh_0'), 0);
});

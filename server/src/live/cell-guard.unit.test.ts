import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CellGuard } from './cell-guard.ts';
import { cell, type LatestPage, latestPageBytes, latestPageOver } from './latest-page.ts';
import { undoEntriesMax } from './limits.ts';
import { pageMemory, vehiclesPerPage } from './pages.ts';

type Step =
  | { readonly do: 'change'; readonly page: number; readonly slot: number; readonly value: number }
  | { readonly do: 'name'; readonly page: number; readonly slot: number; readonly value: string | undefined }
  | { readonly do: 'take'; readonly page: number };

const pageCount = 3;
const page = fc.nat(pageCount - 1);
const slot = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('change' as const), page, slot, value: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('name' as const),
      page,
      slot,
      value: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const), page }) },
);

const apply = (guard: CellGuard, pages: readonly LatestPage[], one: Step): void => {
  const target = pages[one.page] as LatestPage;
  if (one.do === 'take') return;
  const at = one.slot * cell.length;
  if (target.savedIn !== guard.saveNo) guard.keep(target, at);
  if (one.do === 'change') {
    target.cells[at] = one.value;
    if (target.texts) target.texts[one.slot] = undefined;
  } else {
    target.texts ??= Array.from({ length: vehiclesPerPage });
    target.texts[one.slot] = one.value;
    target.cells[at] = Number.NaN;
  }
};

const shown = ({ cells, texts }: LatestPage): unknown => [
  [...cells.subarray(0, 6 * cell.length)],
  Array.from({ length: 6 }, (_, i) => texts?.[i]),
];

test('what a save takes is what was there when it began, whatever changed since, save after save', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 40 }), { maxLength: 4 }), (saves) => {
      const guard = new CellGuard();
      const pages = Array.from({ length: pageCount }, () => latestPageOver(pageMemory(latestPageBytes), 0));
      for (const steps of saves) {
        guard.begin(pages.map((one) => ({ page: one })));
        const before = pages.map(shown);
        const left = new Set([0, 1, 2]);
        for (const one of steps) {
          if (one.do === 'take' && left.delete(one.page))
            assert.deepEqual(shown(guard.take(pages[one.page] as LatestPage)), before[one.page]);
          else apply(guard, pages, one);
        }
        for (const index of left) assert.deepEqual(shown(guard.take(pages[index] as LatestPage)), before[index]);
        guard.end();
        for (const one of steps) apply(guard, pages, one);
      }
    }),
    { numRuns: 300 },
  );
});

test('a save during which too much changes is given up', () => {
  const guard = new CellGuard();
  const only = latestPageOver(pageMemory(latestPageBytes), 0);
  guard.begin([{ page: only }]);
  for (let i = 0; i <= undoEntriesMax; i++) guard.keep(only, 0);
  assert.throws(() => guard.take(only), /more than 4194304 values changed/);
  guard.end();
  guard.begin([{ page: only }]);
  assert.equal(guard.take(only), only);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareStatus } from './compare-status.ts';
import type { ChunkStore, StatusChange, StatusQuery } from './ports.ts';

/** Only what is read of a timeline. */
const storeOf = (changes: readonly StatusChange[]): ChunkStore =>
  ({
    readStatus: ({ after }: StatusQuery) =>
      Promise.resolve(
        after ? [] : changes.toSorted((a, b) => b.at - a.at || a.vehicleNo - b.vehicleNo || (a.reason < b.reason ? -1 : 1)),
      ),
  }) as unknown as ChunkStore;

const statuses = ['online', 'late', 'offline'] as const;
const timeline = fc.uniqueArray(
  fc.record({
    vehicleNo: fc.integer({ min: 1, max: 3 }),
    at: fc.integer({ min: 1, max: 6 }),
    from: fc.constantFrom(...statuses),
    to: fc.constantFrom(...statuses),
    reason: fc.constantFrom('none' as const, 'silent' as const),
  }),
  { selector: ({ vehicleNo, at, to }) => `${vehicleNo}/${at}/${to}`, maxLength: 20 },
);

const keyOf = ({ vehicleNo, at, to }: StatusChange): string => `${vehicleNo}/${at}/${to}`;

test('every change that only one has, or that differs, is counted once, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(timeline, timeline, fc.integer({ min: 0, max: 3 }), async (old, fresh, fromMs) => {
      const isCompared = ({ at }: StatusChange): boolean => at >= fromMs;
      const [before, after] = [old, fresh].map((all) => new Map(all.filter(isCompared).map((one) => [keyOf(one), one])));
      const keys = new Set([...(before as Map<string, StatusChange>).keys(), ...(after as Map<string, StatusChange>).keys()]);
      const isSame = (key: string): boolean => {
        const [a, b] = [before?.get(key), after?.get(key)];
        return a !== undefined && b !== undefined && a.from === b.from && a.reason === b.reason;
      };
      const expected = [...keys].filter((key) => !isSame(key));
      const found = await compareStatus(storeOf(old), storeOf(fresh), isCompared, 100);
      assert.equal(found.compared, keys.size);
      assert.equal(found.differences, expected.length);
      const named = found.first.map(({ before: a, after: b }) => keyOf((a ?? b) as StatusChange));
      assert.deepEqual(named.sort(), expected.sort());
    }),
  );
});

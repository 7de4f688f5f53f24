import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { range } from '../../../test-support.ts';
import { type Sharer, sharePartitions } from './share-partitions.ts';

const sixteen = range(0, 16);
const sizes = (shares: ReadonlyMap<string, readonly number[]>): number[] =>
  [...shares.values()].map(({ length }) => length).toSorted((a, b) => a - b);
const movedTo = (shares: ReadonlyMap<string, readonly number[]>, before: readonly Sharer[]): number =>
  before.reduce((sum, { id, owned }) => sum + (shares.get(id)?.filter((one) => !owned.includes(one)).length ?? 0), 0);

test('a member that comes takes its share, and nothing else moves', () => {
  const before = [
    { id: 'a', owned: range(0, 8) },
    { id: 'b', owned: range(8, 16) },
  ];
  const shares = sharePartitions(sixteen, [{ id: 'c', owned: [] }, ...before]);
  assert.deepEqual(sizes(shares), [5, 5, 6]);
  assert.equal(movedTo(shares, before), 0);
});

test('a member that goes leaves its share to the others, and nothing else moves', () => {
  const before = [
    { id: 'a', owned: range(0, 6) },
    { id: 'b', owned: range(6, 11) },
  ];
  const shares = sharePartitions(sixteen, before);
  assert.deepEqual(sizes(shares), [8, 8]);
  assert.equal(movedTo(shares, before), 5);
});

test('more members than partitions: some have none', () => {
  const shares = sharePartitions(
    [0, 1],
    ['a', 'b', 'c'].map((id) => ({ id, owned: [] })),
  );
  assert.deepEqual(sizes(shares), [0, 1, 1]);
});

test('whoever claims what: each partition has one owner, shares differ by one at most, and the order of members changes nothing', () => {
  const owned = fc.array(fc.integer({ min: -2, max: 40 }), { maxLength: 20 });
  const cases = fc.record({
    partitions: fc.integer({ min: 1, max: 32 }),
    claims: fc.array(owned, { minLength: 1, maxLength: 9 }),
  });
  fc.assert(
    fc.property(cases, ({ partitions, claims }) => {
      const members = claims.map((claim, i) => ({ id: `member-${i}`, owned: claim }));
      const shares = sharePartitions(range(0, partitions), members);
      assert.deepEqual(
        [...shares.values()].flat().toSorted((a, b) => a - b),
        range(0, partitions),
      );
      assert.ok(Math.max(...sizes(shares)) - Math.min(...sizes(shares)) <= 1);
      const again = sharePartitions(range(0, partitions), members.toReversed());
      assert.deepEqual(again, shares);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGrantBook } from './book.ts';
import type { StoredGrant } from './stored.ts';

const grant = (grantNo: number, more: Partial<StoredGrant> = {}): StoredGrant => ({
  grantNo,
  id: `gra_${grantNo}`,
  revision: 1,
  holder: { kind: 'person', personNo: 1 },
  reader: { kind: 'app', appNo: 1 },
  vehicleNo: grantNo,
  purpose: 'insurance',
  purposeVersion: '1',
  items: [{ item: 'mileage' }],
  givenItems: [{ item: 'mileage' }],
  untilMs: null,
  backToMs: 0,
  state: 'active',
  givenAtMs: 0,
  pauses: [],
  endedAtMs: null,
  endReason: null,
  ...more,
});

test('a grant that was given while all were read anew stays, one that ended long ago goes', () => {
  const book = makeGrantBook(
    () => 1000,
    () => true,
  );
  book.put([grant(1), grant(2, { state: 'ended', endedAtMs: 5, endReason: 'holder' }), grant(3, { untilMs: 900 })]);
  book.replace([grant(4)]);
  assert.deepEqual(
    [...book.all()].map(({ grantNo }) => grantNo),
    [1, 4],
  );
  assert.equal(book.byId('gra_1')?.state, 'active');
});

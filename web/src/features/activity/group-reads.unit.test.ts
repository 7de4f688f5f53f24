import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReceiptView } from '@milepost/contract/api';
import { dayText, groupReads, mondayOf, readWeek, weeksAfter } from './group-reads.ts';

const read = (changes: Partial<ReceiptView>): ReceiptView => ({
  from: '2026-11-16',
  reader: { kind: 'app', id: 'app_1', name: 'Volt', partner: null },
  vehicle: { id: 'veh_1', vin: 'V1', plate: null },
  item: 'tires',
  channel: 'rest',
  reads: 1,
  firstAt: '2026-11-16T10:00:00.000Z',
  lastAt: '2026-11-16T10:00:00.000Z',
  ...changes,
});

test('what was read by several ways is one line, under who read it', () => {
  const reads = [
    read({ reads: 9 }),
    read({ reads: 5, channel: 'stream', lastAt: '2026-11-18T10:00:00.000Z' }),
    read({ item: 'energy', reads: 20 }),
    read({ reader: { kind: 'staff', name: 'Sam' }, reads: 100 }),
  ];
  const groups = groupReads(reads, 'reader');
  assert.deepEqual(
    groups.map(({ key, reads: count }) => [key, count]),
    [
      ['staff:Sam', 100],
      ['app:app_1', 34],
    ],
  );
  const [, app] = groups;
  assert.deepEqual(
    app?.lines.map(({ of, reads: count, lastAt, channels }) => [of.item, count, lastAt.slice(0, 10), channels]),
    [
      ['energy', 20, '2026-11-16', ['rest']],
      ['tires', 14, '2026-11-18', ['rest', 'stream']],
    ],
  );
  assert.deepEqual(
    groupReads(reads, 'item').map(({ key, reads: count }) => [key, count]),
    [
      ['tires', 114],
      ['energy', 20],
    ],
  );
  assert.deepEqual(groupReads([], 'car'), []);
});

test('weeks begin on Monday in UTC, and none is after that of now', () => {
  const sunday = Date.UTC(2026, 10, 22, 23, 59);
  assert.equal(dayText(mondayOf(sunday)), '2026-11-16');
  assert.equal(dayText(mondayOf(sunday + 60_000)), '2026-11-23');
  assert.equal(dayText(weeksAfter(mondayOf(sunday), -1)), '2026-11-09');
  assert.equal(dayText(readWeek('2026-11-12', sunday)), '2026-11-09');
  for (const text of ['', 'nonsense', '2027-01-01', '2026-13-40'])
    assert.equal(dayText(readWeek(text, sunday)), '2026-11-16', text);
});

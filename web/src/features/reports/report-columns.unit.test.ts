import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportRow } from '@milepost/contract/api';
import { nextSort, readSort, sortRows } from './report-columns.ts';

const row = (name: string | null, distanceKm: number | null): ReportRow => ({ name, distanceKm }) as ReportRow;
const names = (rows: readonly ReportRow[]) => rows.map(({ name }) => name);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

test('what is not known comes last, whichever way it is sorted', () => {
  const rows = [row('b', null), row(null, 5), row('a', 2), row('c', 9)];
  assert.deepEqual(names(sortRows(rows, readSort('distance'), compare)), ['a', null, 'c', 'b']);
  assert.deepEqual(names(sortRows(rows, readSort('-distance'), compare)), ['c', null, 'a', 'b']);
  assert.deepEqual(names(sortRows(rows, readSort('-name'), compare)), ['c', 'b', 'a', null]);
  assert.deepEqual(names(sortRows(rows, readSort('nonsense'), compare)), ['a', 'b', 'c', null]);
});

test('figures begin with the largest, names with the first; once more turns it round', () => {
  assert.equal(nextSort(readSort(''), 'distance'), '-distance');
  assert.equal(nextSort(readSort('-distance'), 'distance'), 'distance');
  assert.equal(nextSort(readSort('-distance'), 'name'), 'name');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WarningEntry } from '@milepost/contract/api';
import type { WarningChange } from '@milepost/contract/stream';
import { addToasts, dropOld, type Toast, toastMs } from './toasts.ts';

const warning = (id: string, more: Partial<WarningEntry> = {}): WarningEntry => ({
  id,
  vehicleId: 'veh_1',
  vin: 'WVWZZZ1JZ00000001',
  plate: 'VAN 17',
  customer: 'Atlas',
  code: 'tire_pressure_low',
  severity: 'warning',
  detail: { wheels: [2] },
  text: '',
  raisedAt: '2026-11-03T14:00:00.000Z',
  endedAt: null,
  rangAt: '2026-11-03T14:00:01.000Z',
  times: 1,
  ...more,
});
const tell = (toasts: readonly Toast[], change: WarningChange, one: WarningEntry, nowMs = 0): readonly Toast[] =>
  addToasts(toasts, { type: 'warning', changes: [{ change, warning: one }], more: 0 }, nowMs);
const ids = (toasts: readonly Toast[]): string[] => toasts.map((toast) => toast.warning.id);

test('what rings comes, critical ones first, then the newest', () => {
  let toasts = tell([], 'raised', warning('a'));
  toasts = tell(toasts, 'raised', warning('b', { severity: 'critical' }));
  toasts = tell(toasts, 'raised', warning('c'));
  assert.deepEqual(ids(toasts), ['b', 'c', 'a']);
});

test('where many ring those that are shown stay, and the newest is next; a critical one is shown at once', () => {
  let toasts = ['a', 'b', 'c', 'd', 'e'].reduce<readonly Toast[]>(
    (before, id, at) => tell(before, 'raised', warning(id), at),
    [],
  );
  assert.deepEqual(ids(toasts), ['c', 'b', 'a', 'e', 'd']);
  assert.deepEqual(ids(tell(toasts, 'raised', warning('f', { severity: 'critical' }))).slice(0, 3), ['f', 'c', 'b']);
  toasts = dropOld(toasts, toastMs + 1);
  assert.deepEqual(ids(toasts), ['c', 'e', 'd']);
});

test('information, old news and what returns say nothing; what grows says so again, once', () => {
  assert.deepEqual(ids(tell([], 'raised', warning('a', { severity: 'info' }))), []);
  assert.deepEqual(ids(tell([], 'raised', warning('a', { rangAt: null }))), []);
  assert.deepEqual(ids(tell([], 'returned', warning('a'))), []);
  const grown = tell(tell([], 'raised', warning('a')), 'grown', warning('a', { detail: { wheels: [2, 3] } }));
  assert.deepEqual(
    grown.map((toast) => toast.warning.detail),
    [{ wheels: [2, 3] }],
  );
});

test('what is over goes; others go by themselves, but not critical ones', () => {
  const both = tell(tell([], 'raised', warning('a')), 'raised', warning('b', { severity: 'critical' }));
  assert.deepEqual(ids(tell(both, 'ended', warning('b'))), ['a']);
  assert.equal(dropOld(both, toastMs - 1), both);
  assert.deepEqual(ids(dropOld(both, toastMs)), ['b']);
});

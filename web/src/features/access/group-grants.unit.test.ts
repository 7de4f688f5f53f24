import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantView } from '@milepost/contract/api';
import { fits, groupGrants, takenOff } from './group-grants.ts';

const grant = (id: string, reader: string, car: string, items: readonly string[], given = items): GrantView => ({
  id,
  state: 'active',
  isMine: true,
  reader: { kind: 'app', id: reader, name: reader, partner: { id: 'org_1', name: 'Volt' } },
  holder: { kind: 'person', name: 'Ana' },
  vehicle: { id: car, vin: `VIN-${car}`, plate: car },
  items: items.map((item) => ({ item })),
  givenItems: given.map((item) => ({ item })),
  purpose: 'insurance',
  purposeVersion: '1',
  givenAt: '2026-01-01T00:00:00Z',
  until: null,
  backTo: '2026-01-01T00:00:00Z',
  endedAt: null,
  endReason: null,
  lastReadAt: null,
  isUnused: false,
});

const all = [
  grant('g1', 'drive', 'A', ['energy', 'mileage']),
  grant('g2', 'drive', 'B', ['energy']),
  grant('g3', 'park', 'A', ['mileage']),
];
const shapeBy = (by: Parameters<typeof groupGrants>[1]) =>
  groupGrants(all, by).map(({ key, entries }) => [key, ...entries.map((one) => one.grant.id)]);

test('grants stand under who reads, the car, or the item', () => {
  assert.deepEqual(shapeBy('reader'), [
    ['drive', 'g1', 'g2'],
    ['park', 'g3'],
  ]);
  assert.deepEqual(shapeBy('car'), [
    ['A', 'g1', 'g3'],
    ['B', 'g2'],
  ]);
  assert.deepEqual(shapeBy('item'), [
    ['energy', 'g1', 'g2'],
    ['mileage', 'g1', 'g3'],
  ]);
});

test('what was taken off is what was given and is not there any more', () => {
  assert.deepEqual(takenOff(grant('g', 'drive', 'A', ['energy'], ['energy', 'mileage'])), [{ item: 'mileage' }]);
  assert.deepEqual(takenOff(grant('g', 'drive', 'A', ['energy'])), []);
});

test('a search finds by reader, partner and car', () => {
  const [one] = all as [GrantView];
  assert.deepEqual(
    ['DRI', 'volt', 'vin-a', 'zebra'].map((text) => fits(one, text)),
    [true, true, true, false],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartnerAppView } from '@milepost/contract/api';
import { addressesOf, asLive, itemRows, itemsOfRows } from './app-words.ts';

test('what an app asks for goes through the form as it is', () => {
  const items = [
    { item: 'energy', reason: 'To find a charger.', time: 'hour' as const },
    { item: 'position', reason: 'Near you.', place: 'about1km' as const },
    { item: 'Vehicle.Speed', reason: 'How fast.' },
  ];
  const rows = itemRows(items);
  assert.deepEqual(
    rows.filter(({ isAsked }) => isAsked).map(({ item }) => item),
    ['position', 'energy', 'Vehicle.Speed'],
  );
  const byName = (a: { item: string }, b: { item: string }): number => (a.item < b.item ? -1 : 1);
  assert.deepEqual(itemsOfRows(rows).sort(byName), [...items].sort(byName));
});

test('addresses stand one a line; a live app has none of the own machine', () => {
  assert.deepEqual(addressesOf(' https://a.example/back \n\nhttp://127.0.0.1:3000/ '), [
    'https://a.example/back',
    'http://127.0.0.1:3000/',
  ]);
  const app = {
    environment: 'sandbox',
    redirectAddresses: ['http://127.0.0.1:3000/', 'https://a.example/'],
    pingAddress: 'http://localhost/',
  };
  const live = asLive(app as unknown as PartnerAppView);
  assert.deepEqual([live.environment, live.redirectAddresses, live.pingAddress], ['live', ['https://a.example/'], null]);
});

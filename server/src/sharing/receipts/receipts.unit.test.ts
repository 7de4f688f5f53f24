import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreVocabulary } from '@milepost/contract';
import { OperationalError } from '../../kernel/index.ts';
import { ReadCounts } from './count-reads.ts';
import { itemsTold } from './items-told.ts';
import { receiptLimits } from './limits.ts';
import type { Receipt } from './types.ts';

const told = (paths: readonly string[], withheld: readonly string[] = []) => ({
  signals: Object.fromEntries(paths.map((path) => [path, {}])) as never,
  withheld: withheld.map((item) => ({ item, reason: 'not_granted' as const })),
});
const charge = 'Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed';
const mileage = 'Vehicle.TraveledDistance';

test('a receipt names what was told, and nothing that was asked for', () => {
  const of = (answer: ReturnType<typeof told>, asked: readonly string[]) => itemsTold(answer, asked, coreVocabulary);
  assert.deepEqual(of(told([charge, mileage]), ['energy', 'mileage', 'tires']), ['energy', 'mileage']);
  assert.deepEqual(of(told([charge], ['energy']), ['energy']), [charge], 'one signal of a group is not the group');
  assert.deepEqual(of(told([charge]), [charge]), [charge]);
  assert.deepEqual(of(told([charge]), [charge, 'energy']).toSorted(), ['energy', charge].toSorted());
  assert.deepEqual(of(told([], ['energy']), ['energy']), []);
});

const holder = { kind: 'person', personNo: 7 } as const;
const read = (changes: Partial<Receipt> = {}): Receipt => ({
  reader: { kind: 'app', appNo: 3 },
  vehicleNo: 1,
  items: ['energy'],
  channel: 'rest',
  atMs: 1000,
  ...changes,
});

test('reads add up by day, holder, reader, vehicle, item and way', () => {
  const counts = new ReadCounts();
  for (const one of [
    read({ items: ['energy', 'mileage'] }),
    read({ atMs: 5000 }),
    read({ channel: 'stream' }),
    read({ vehicleNo: 2 }),
    read({ reader: { kind: 'driver', personNo: 3 } }),
    read({ atMs: 86_400_000 }),
  ])
    counts.add(one, holder);
  counts.add(read(), { kind: 'customer', customerNo: 7 });
  assert.equal(counts.size, 7);
  const taken = [...counts.take(3), ...counts.take(100)];
  assert.equal(counts.size, 0);
  assert.equal(taken.length, 7);
  const first = taken.find(({ reads }) => reads === 2);
  assert.deepEqual([first?.item, first?.firstMs, first?.lastMs], ['energy', 1000, 5000]);
  assert.equal(taken.filter(({ reads }) => reads === 1).length, 6);
});

test('what cannot be counted is refused, what is counted already goes on being counted', () => {
  const counts = new ReadCounts();
  for (let i = 0; i < receiptLimits.countsWaitingMax; i++) counts.add(read({ vehicleNo: i }), holder);
  assert.throws(() => counts.add(read({ vehicleNo: -1 }), holder), OperationalError);
  counts.add(read({ vehicleNo: 5 }), holder);
  assert.equal(counts.size, receiptLimits.countsWaitingMax);
});

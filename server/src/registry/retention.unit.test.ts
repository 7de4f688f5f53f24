import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConsentGroup, consentGroups } from '@milepost/contract';
import fc from 'fast-check';
import { CallerError } from '../kernel/index.ts';
import { aCustomer, aVehicle, makeMemoryDirectory } from '../live/memory-directory.ts';
import { changeRetention, checkRetention } from './change-retention.ts';
import { effectiveDays } from './effective-retention.ts';
import { openRetention } from './retention.ts';
import type { RetentionDays } from './types.ts';

const dayMs = 86_400_000;
const days = (all: number | null, byGroup: RetentionDays['byGroup'] = {}): RetentionDays => ({ days: all, byGroup });

const cases: readonly {
  readonly name: string;
  readonly vehicle?: RetentionDays;
  readonly customer?: RetentionDays;
  readonly expected: readonly [days: number, by: string];
}[] = [
  { name: 'nobody has a rule', expected: [1000, 'server'] },
  { name: 'the customer has one for everything', customer: days(90), expected: [90, 'customer'] },
  { name: 'the customer has one for everything, longer than the server’s', customer: days(2000), expected: [2000, 'customer'] },
  { name: 'the customer has one for the group', customer: days(90, { position: 400 }), expected: [400, 'customer'] },
  { name: 'the customer has one for another group', customer: days(90, { energy: 7 }), expected: [90, 'customer'] },
  { name: 'the vehicle has one for everything', vehicle: days(50), customer: days(90), expected: [50, 'vehicle'] },
  { name: 'the vehicle has a longer one for everything', vehicle: days(500), customer: days(90), expected: [500, 'vehicle'] },
  {
    name: 'the vehicle’s for everything is longer than the customer’s for the group',
    vehicle: days(500),
    customer: days(null, { position: 30 }),
    expected: [30, 'customer'],
  },
  {
    name: 'the vehicle’s for everything is shorter than the customer’s for the group',
    vehicle: days(7),
    customer: days(null, { position: 30 }),
    expected: [7, 'vehicle'],
  },
  {
    name: 'the vehicle has one for the group',
    vehicle: days(7, { position: 100 }),
    customer: days(90, { position: 30 }),
    expected: [100, 'vehicle'],
  },
];

for (const { name, vehicle, customer, expected } of cases) {
  test(`${name}: ${expected[0]} days`, () => {
    const { days: found, by } = effectiveDays('position', vehicle, customer, 1000);
    assert.deepEqual([found, by], expected);
  });
}

const someDays = fc.integer({ min: 1, max: 40 });
const someRule: fc.Arbitrary<RetentionDays> = fc.record({
  days: fc.option(someDays),
  byGroup: fc.dictionary(fc.constantFrom(...consentGroups), someDays, { maxKeys: 3 }) as fc.Arbitrary<RetentionDays['byGroup']>,
});

test('what the rules in ms say of each vehicle and group is what the days say, after any changes in any order', () => {
  const change = fc.oneof(
    fc.record({ customerNo: fc.integer({ min: 1, max: 3 }), retention: fc.option(someRule, { nil: undefined }) }),
    fc.record({
      vehicleNo: fc.integer({ min: 1, max: 6 }),
      customerNo: fc.integer({ min: 1, max: 3 }),
      retention: fc.option(someRule, { nil: undefined }),
    }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const directory = makeMemoryDirectory();
      for (const no of [1, 2, 3]) directory.put({ kind: 'customer', customer: aCustomer(no) });
      const followed = openRetention(directory, 25);
      for (const { customerNo, retention, ...rest } of changes) {
        if ('vehicleNo' in rest)
          directory.put({ kind: 'vehicle', vehicle: aVehicle(Number(rest.vehicleNo), { customerNo, retention }) });
        else directory.put({ kind: 'customer', customer: aCustomer(customerNo, { retention }) });
      }
      const opened = openRetention(directory, 25);
      let longest = 25;
      for (const vehicle of directory.vehicles()) {
        const customer = directory.customerByNo(vehicle.customerNo);
        const all = consentGroups.map((group) => {
          const expected = effectiveDays(group, vehicle.retention, customer?.retention, 25).days;
          for (const retention of [followed, opened])
            assert.equal(retention.keptFromMs(vehicle.vehicleNo, group, 0), -expected * dayMs);
          return expected;
        });
        const { shortestMs, longestMs, retentionMs } = followed.ruleOf(vehicle.vehicleNo);
        assert.deepEqual(followed.ruleOf(vehicle.vehicleNo), opened.ruleOf(vehicle.vehicleNo));
        assert.equal(shortestMs, Math.min(retentionMs, ...all.map((one) => one * dayMs)));
        assert.equal(longestMs, Math.max(retentionMs, ...all.map((one) => one * dayMs)));
        longest = Math.max(longest, longestMs / dayMs);
      }
      assert.equal(followed.longestMs(), longest * dayMs);
      followed.close();
      opened.close();
    }),
    { numRuns: 300 },
  );
});

test('listeners hear once a turn, of the vehicles whose rule has changed; equal rules are one object', async () => {
  const directory = makeMemoryDirectory();
  directory.put({ kind: 'customer', customer: aCustomer(1) });
  directory.put({ kind: 'customer', customer: aCustomer(2) });
  for (const vehicleNo of [1, 2, 3])
    directory.put({ kind: 'vehicle', vehicle: aVehicle(vehicleNo, { customerNo: vehicleNo < 3 ? 1 : 2 }) });
  const retention = openRetention(directory, 100);
  const heard: (readonly number[])[] = [];
  retention.onChange((vehicleNos) => heard.push(vehicleNos));
  directory.put({ kind: 'customer', customer: aCustomer(1, { retention: days(10) }) });
  directory.put({ kind: 'customer', customer: aCustomer(2, { name: 'Another name' }) });
  directory.put({ kind: 'vehicle', vehicle: aVehicle(2, { plate: 'NEW' }) });
  assert.equal(retention.ruleOf(1).retentionMs, 10 * dayMs, 'known before anybody hears');
  await Promise.resolve();
  assert.deepEqual(heard, [[1, 2]]);
  assert.equal(retention.ruleOf(1), retention.ruleOf(2));
  directory.put({ kind: 'vehicle', vehicle: aVehicle(2, { customerNo: 2 }) });
  await Promise.resolve();
  assert.deepEqual(heard.slice(1), [[2]]);
  assert.equal(retention.ruleOf(2), retention.standard);
  assert.deepEqual([...retention.byVehicle.keys()], [1]);
});

test('changes: what is left out stays, null removes', () => {
  const before = days(90, { position: 30, energy: 60 });
  assert.deepEqual(changeRetention(before, { groups: { position: null, motion: 7 } }), days(90, { energy: 60, motion: 7 }));
  assert.deepEqual(changeRetention(before, { days: null }), days(null, { position: 30, energy: 60 }));
  assert.deepEqual(changeRetention(undefined, { days: 5 }), days(5));
});

test('days out of bounds and groups that there are not are named', () => {
  const refuse = (changes: object, field: string): void =>
    assert.throws(
      () => checkRetention(changes),
      (error) => error instanceof CallerError && error.code === 'invalid_field' && error.details.field === field,
    );
  for (const bad of [0, -1, 1.5, 36_526, '30', Number.NaN]) {
    refuse({ days: bad }, 'days');
    refuse({ groups: { position: bad } }, 'groups.position');
  }
  refuse({ groups: { places: 30 } }, 'groups');
  const good: Partial<Record<ConsentGroup, number | null>> = { position: 36_525, motion: null };
  assert.deepEqual(checkRetention({ days: 1, groups: good }), { days: 1, groups: good });
});

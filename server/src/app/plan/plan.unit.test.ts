import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measured } from './measured.ts';
import { makePlan, type Plan, planDefaults, planLimits, type PlanWanted } from './plan.ts';
import { planOptions, planWantedOf } from './plan-arguments.ts';
import { planText } from './plan-text.ts';

const planOf = (wanted: Partial<PlanWanted>): Plan =>
  makePlan({ ...planDefaults, vehicles: 50_000, reportsAMinute: 50_000, ...wanted });

const amounts = [
  'cells',
  'partitions',
  'gateways',
  'projectors',
  'apis',
  'processCores',
  'processGb',
  'brokers',
  'kafkaCores',
  'kafkaTerabytes',
  'cassandraNodes',
  'cassandraCores',
  'cassandraTerabytes',
  'devicesMbitASecond',
  'kafkaMbitASecond',
  'cassandraMbitASecond',
] as const satisfies (keyof Plan)[];

const load = {
  vehicles: fc.integer({ min: 1, max: 200_000_000 }),
  reportsAMinute: fc.integer({ min: 1, max: 1_000_000_000 }),
  samplesAReport: fc.integer({ min: 1, max: 1000 }),
  years: fc.integer({ min: 1, max: 20 }),
  replication: fc.integer({ min: 1, max: 9 }),
  logDays: fc.integer({ min: 1, max: 30 }),
};
const wantedOf = fc.record({ ...load }).map((one) => ({ ...planDefaults, ...one }));

test('more of anything never needs less of anything', () => {
  fc.assert(
    fc.property(
      wantedOf,
      fc.constantFrom(...(Object.keys(load) as (keyof typeof load)[])),
      fc.nat(5_000_000),
      (less, key, more) => {
        const [small, large] = [makePlan(less), makePlan({ ...less, [key]: less[key] + more })];
        for (const amount of amounts)
          assert.ok(
            large[amount] >= small[amount] * (1 - 1e-9),
            `${amount}: ${large[amount]} < ${small[amount]} with more ${key}`,
          );
      },
    ),
    { numRuns: 3000 },
  );
});

test('every amount is a number, and of each kind one may fail', () => {
  fc.assert(
    fc.property(wantedOf, (wanted) => {
      const plan = makePlan(wanted);
      for (const amount of amounts) assert.ok(Number.isFinite(plan[amount]) && plan[amount] > 0, amount);
      assert.ok(plan.cell.gateways >= 2 && plan.cell.projectors >= 2 && plan.cell.apis >= 2);
      assert.ok(plan.brokers >= Math.max(3, wanted.replication) && plan.cassandraNodes >= Math.max(3, wanted.replication));
      assert.ok(Number.isInteger(Math.log2(plan.cell.partitions)) && plan.cell.partitions <= planLimits.partitionsMax);
      assert.ok(plan.cell.partitions >= plan.cell.projectors, 'a projector would have no partition');
    }),
  );
});

test('no api process is planned for more than it can follow', () => {
  fc.assert(
    fc.property(wantedOf, (wanted) => {
      const { cell, cells } = makePlan({ ...wanted, samplesAReport: 1 });
      const busy = (cell.reportsAMinute / 60 / 1e6) * measured.apiMicrosAReport.value;
      assert.ok(busy <= wanted.utilisation * (1 + 1e-9), `${busy} of a core`);
      assert.ok(cell.reportsAMinute * cells >= wanted.reportsAMinute * (1 - 1e-9));
      assert.ok(cell.vehicles * cells >= wanted.vehicles);
    }),
  );
});

test('units: terabytes of disk, megabits of network, cores', () => {
  const { kafkaTerabytes, cassandraCores, devicesMbitASecond } = planOf({ reportsAMinute: 60, logDays: 10, replication: 1 });
  const logBytes = 10 * 86_400 * measured.kafkaBytesARecord.value;
  assert.ok(Math.abs(kafkaTerabytes - logBytes / 0.6 / 1e12) < 1e-9);
  const micros = measured.cassandraFlushMicrosASample.value + measured.cassandraMergeMicrosASample.value;
  assert.ok(Math.abs(cassandraCores - micros / 1e6) < 1e-12);
  assert.ok(Math.abs(devicesMbitASecond - (measured.jsonReportBytes.value * 8) / 1e6) < 1e-12);
});

test('50,000 reports a minute are one small cell', () => {
  const plan = planOf({});
  const { cells, partitions, gateways, projectors, apis, brokers, cassandraNodes } = plan;
  assert.deepEqual(
    { cells, partitions, gateways, projectors, apis, brokers, cassandraNodes },
    { cells: 1, partitions: 16, gateways: 2, projectors: 2, apis: 2, brokers: 3, cassandraNodes: 3 },
  );
  assert.match(planText(plan), /One cell/);
});

test('1,000,000 reports a minute of a million vehicles are one cell', () => {
  const plan = planOf({ vehicles: 1_000_000, reportsAMinute: 1_000_000 });
  assert.equal(plan.cells, 1);
  assert.ok(plan.gateways <= 4 && plan.projectors <= 4, `${plan.gateways} gateways, ${plan.projectors} projectors`);
});

test('100,000,000 reports a minute are a hundred cells or more, and the text says so', () => {
  const plan = planOf({ vehicles: 100_000_000, reportsAMinute: 100_000_000 });
  assert.ok(plan.cells >= 100);
  assert.equal(plan.apis, 2 * plan.cells);
  assert.match(planText(plan), /cells: parts of the fleet with a topic, a keyspace/);
});

test('the table is of its numbers, with the bench that they come from', () => {
  const text = planText(planOf({}));
  for (const part of ['partitions of the log', 'gateways', 'Mbit/s', 'bench/results/{cluster,cassandra,'])
    assert.ok(text.includes(part), part);
});

test('an argument that is wrong or missing is named with its value and what was expected', () => {
  const fine = { vehicles: '10', 'reports-a-minute': '20' };
  const cases: [Record<string, string>, RegExp][] = [
    [{ 'reports-a-minute': '20' }, /^--vehicles is missing, expected a whole number from 1 to 2000000000\n/],
    [{ ...fine, vehicles: '0' }, /^--vehicles is 0, expected a whole number from 1/],
    [{ ...fine, vehicles: '1e6' }, /^--vehicles is 1e6, expected/],
    [{ ...fine, 'reports-a-minute': '-3' }, /^--reports-a-minute is -3, expected/],
    [{ ...fine, years: 'three' }, /^--years is three, expected a number from 0\.01 to 100\n/],
    [{ ...fine, replication: '10' }, /^--replication is 10, expected a whole number from 1 to 9\n/],
    [{ ...fine, 'log-days': '31' }, /^--log-days is 31/],
    [{ ...fine, utilisation: '1.5' }, /^--utilisation is 1\.5/],
  ];
  for (const [options, message] of cases) assert.throws(() => planWantedOf(options), { code: 'bad_request', message });
  assert.deepEqual(planWantedOf(fine), { ...planDefaults, vehicles: 10, reportsAMinute: 20 });
  assert.deepEqual(Object.keys(planOptions).includes('samples-a-report'), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHiddenAt, isHiddenNow, isHiddenWithin } from '../events/index.ts';
import type { PrivatePeriod } from '../registry/index.ts';
import { operatorScope } from './operator-scope.ts';
import { type PrivateSource, privateTo } from './private-periods.ts';

const period = (driverNo: number | null, fromMs: number, toMs: number | null): PrivatePeriod => ({
  id: `prv_${fromMs}`,
  vehicleNo: 7,
  driverNo,
  fromMs,
  toMs,
});
const periods = [period(1, 10, 20), period(2, 30, 40), period(null, 50, 60), period(1, 70, null)];
const source: PrivateSource = {
  privatePeriods: (vehicleNo) => (vehicleNo === 7 ? periods : []),
  isAnyPrivate: () => true,
  privateVersion: () => 5,
  privateChangedSince: () => [7],
};

test('private periods are hidden from everybody but their driver', () => {
  assert.deepEqual(privateTo(source, null)(7), periods);
  assert.deepEqual(
    privateTo(source, 1)(7).map(({ fromMs }) => fromMs),
    [30, 50],
  );
  assert.deepEqual(privateTo(source, 1)(8), []);
});

test('the operator is hidden positions alone, and hears of changes by the version', () => {
  const scope = operatorScope(source);
  assert.deepEqual(scope.hiddenPeriods(7, 'position'), periods);
  for (const group of ['mileage', 'energy', 'warnings', 'motion', 'status'] as const)
    assert.deepEqual(scope.hiddenPeriods(7, group), []);
  assert.deepEqual([scope.version(), scope.changedSince(4)], [5, [7]]);
});

test('a period that goes on hides what is known by now, whatever its time', () => {
  const past = periods.slice(0, 3);
  assert.deepEqual(
    [9, 10, 19, 20, 35, 45].map((ms) => isHiddenAt(past, ms)),
    [false, true, true, false, true, false],
  );
  assert.equal(isHiddenNow(past, 5), false);
  assert.equal(isHiddenNow(past, 35), true);
  assert.equal(isHiddenNow(periods, 5), true);
  assert.equal(isHiddenNow([], 5), false);
});

test('a stretch of time is hidden when any of it is', () => {
  const past = periods.slice(0, 2);
  const stretches = [
    [0, 9],
    [0, 10],
    [15, 16],
    [20, 29],
    [20, null],
    [40, null],
    [5, 100],
  ] as const;
  assert.deepEqual(
    stretches.map(([fromMs, toMs]) => isHiddenWithin(past, fromMs, toMs)),
    [false, true, true, false, true, false, true],
  );
});

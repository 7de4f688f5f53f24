import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningCodes, warningKinds } from '@milepost/contract';
import fc from 'fast-check';
import { nothingPrivate, operatorScope } from '../sharing/index.ts';
import { aVehicle } from './memory-directory.ts';
import { aDirectory, aLive, t0 } from './testing/test-live.ts';
import { aBatch, aReport } from './test-records.ts';
import { warningRules } from './warnings.ts';

const scope = operatorScope(nothingPrivate);
const codesAfter = (signals: Record<string, unknown>, vehicle = {}) => {
  const directory = aDirectory(1);
  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, vehicle) });
  const live = aLive(directory);
  live.apply(aBatch([aReport(1, 1, t0, [{ time: t0, signals }])]));
  return live.warnings(scope, 1).map((warning) => warning.code);
};
const frontLeft = 'Chassis.Axle.Row1.Wheel.Left';

test('each code has one rule, at the place of its bit', () => {
  assert.deepEqual(
    warningRules.map((rule) => rule.code),
    [...warningCodes].sort((a, b) => warningKinds[a].bit - warningKinds[b].bit),
  );
  for (const [i, rule] of warningRules.entries()) assert.equal(warningKinds[rule.code].bit, i);
});

test('what is fine gives no warning', () => {
  assert.deepEqual(
    codesAfter({
      'Diagnostics.DTCList': [],
      'Diagnostics.DTCCount': 0,
      'ADAS.ABS.IsError': false,
      'Lamp.Brake': 'OFF',
      [`${frontLeft}.Tire.Pressure`]: 100,
    }),
    [],
  );
});

test('flags, lists and lamps, the worst first', () => {
  assert.deepEqual(
    codesAfter({ 'Service.DistanceToService': -1, 'Diagnostics.DTCList': ['P0123', 'B1000'], 'Lamp.Brake': 'BLINKING' }),
    ['brake_lamp', 'fault_codes', 'service_due'],
  );
  assert.deepEqual(codesAfter({ 'Diagnostics.DTCCount': 2 }), ['fault_codes']);
});

test('a tire is low under 80 % of the placard of the registry, else of the vehicle', () => {
  const pressure = (kPa: number) => ({ [`${frontLeft}.Tire.Pressure`]: kPa });
  assert.deepEqual(codesAfter(pressure(200), { tirePlacardKpa: [250, 250, 250, 250] }), []);
  assert.deepEqual(codesAfter(pressure(199), { tirePlacardKpa: [250, 250, 250, 250] }), ['tire_pressure_low']);
  assert.deepEqual(codesAfter({ ...pressure(199), [`${frontLeft}.Tire.PlacardPressure`]: 250 }), ['tire_pressure_low']);
});

test('the text says which and how much', () => {
  const directory = aDirectory(1);
  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, { grossWeightKg: 3500 }) });
  const live = aLive(directory);
  live.apply(
    aBatch([
      aReport(1, 1, t0, [{ time: t0, signals: { CurrentOverallWeight: 3600, [`${frontLeft}.Tire.IsPressureLow`]: true } }]),
    ]),
  );
  assert.deepEqual(
    live.warnings(scope, 1).map((warning) => warning.text),
    ['Tire pressure is low: front left', 'Heavier than allowed: 3600 kg of 3500 kg'],
  );
  directory.put({ kind: 'vehicle', vehicle: aVehicle(1, { grossWeightKg: 4000 }) });
  assert.equal(live.listVehicles(scope, { warning: 'overweight' }).items.length, 0);
  assert.equal(live.listVehicles(scope, { warning: 'tire_pressure_low' }).items.length, 1);
});

test('kept up to date step by step, the mask is what all rules together say', () => {
  const paths = [`${frontLeft}.Tire.IsPressureLow`, 'ADAS.ABS.IsError', 'IsBrokenDown', 'Service.IsServiceDue'];
  const step = fc.tuple(fc.constantFrom(...paths), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const live = aLive(aDirectory(1));
      live.apply(aBatch(steps.map(([path, value], i) => aReport(1, 1, t0 + i, [{ time: t0 + i, signals: { [path]: value } }]))));
      const isListed = live.listVehicles(scope, { warning: true }).items.length === 1;
      const state = new Map(steps);
      assert.equal(isListed, [...state.values()].includes(true));
      assert.equal(live.warnings(scope, 1).length, [...state.values()].filter(Boolean).length);
    }),
    { numRuns: 50 },
  );
});

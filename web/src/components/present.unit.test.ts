import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignals } from '@milepost/contract/signals';
import { presentQuantity, presentValue, shownUnits } from './present.ts';

const words = { yes: 'yes', no: 'no', none: 'none' };

test('every unit of the vocabulary has a form for people', () => {
  const unknown = coreSignals.filter(({ unit }) => unit !== '' && !(unit in shownUnits));
  assert.deepEqual(
    unknown.map(({ path, unit }) => `${path}: ${unit}`),
    [],
  );
});

test('quantities are shown in the unit that people use', () => {
  assert.deepEqual(presentQuantity('Vehicle.TraveledDistance', 'm', 18_204_400), { text: '18,204', unit: 'km' });
  assert.deepEqual(presentQuantity('Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure', 'kPa', 210), {
    text: '2.1',
    unit: 'bar',
  });
  assert.deepEqual(presentQuantity('Vehicle.CurrentLocation.Altitude', 'm', 140), { text: '140', unit: 'm' });
  assert.deepEqual(presentQuantity('Vehicle.CurrentLocation.Latitude', 'degrees', 34.0209), { text: '34.02090', unit: '°' });
  assert.deepEqual(presentQuantity('Vehicle.Mine', 'furlong', 1.234), { text: '1.23', unit: 'furlong' });
});

test('what is no number is said in words', () => {
  assert.equal(presentValue('a', '', true, words).text, 'yes');
  assert.equal(presentValue('a', '', [], words).text, 'none');
  assert.equal(presentValue('a', '', ['P0A0F', 'U0100'], words).text, 'P0A0F, U0100');
  assert.equal(presentValue('a', '', '', words).text, 'none');
});

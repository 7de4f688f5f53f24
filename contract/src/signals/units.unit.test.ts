import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignals } from './core.ts';
import { unitConversions } from './units.ts';

const convert = (to: string, from: string, value: number): number => {
  const found = unitConversions(to).find(({ unit }) => unit === from);
  assert.ok(found, `${to} from ${from}`);
  return value * found.factor + found.offset;
};

test('values in other units become those of the vocabulary', () => {
  // Expected values: NIST Special Publication 811 (2008), appendix B, and fixed points of the temperature scales.
  for (const [to, from, value, expected] of [
    ['km/h', 'mph', 60, 96.560_64],
    ['km/h', 'm/s', 10, 36],
    ['km/h', 'kn', 10, 18.52],
    ['m', 'mi', 1, 1609.344],
    ['m', 'km', 18_204.3, 18_204_300],
    ['m', 'ft', 1000, 304.8],
    ['km', 'mi', 10, 16.093_44],
    ['kPa', 'psi', 1, 6.894_757_293],
    ['kPa', 'bar', 2.4, 240],
    ['Celsius', '°F', 212, 100],
    ['Celsius', '°F', -40, -40],
    ['Celsius', 'K', 273.15, 0],
    ['kWh', 'MJ', 3.6, 1],
    ['kW', 'hp', 1, 0.745_699_872],
    ['kg', 'lb', 1000, 453.592_37],
    ['percent', 'ratio', 0.62, 62],
    ['m/s^2', 'g', 1, 9.806_65],
  ] as const)
    assert.ok(
      Math.abs(convert(to, from, value) - expected) < 1e-8,
      `${value} ${from} are ${expected} ${to}, not ${convert(to, from, value)}`,
    );
});

test('each signal can be given in its own unit, as the first of the choices', () => {
  for (const { unit } of coreSignals) {
    const [own] = unitConversions(unit);
    assert.deepEqual([own?.factor, own?.offset], [1, 0]);
  }
});

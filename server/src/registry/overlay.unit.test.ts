import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeVocabulary, quantise } from '@milepost/contract';
import { CallerError } from '../kernel/index.ts';
import { mergeOverlay } from './load-vocabulary.ts';
import { readOverlay } from './read-overlay.ts';

const box = 'Vehicle.Acme.BoxTemperature';
const refused = (field: string, expected: RegExp) => (error: unknown) =>
  error instanceof CallerError &&
  error.code === 'invalid_field' &&
  error.details.field === field &&
  expected.test(error.details.expected ?? '');

describe('overlay', () => {
  it('reads the syntax of VSS with our keys', () => {
    const text = `
Vehicle.Acme: {type: branch, description: Ours}
${box}:
  datatype: float
  type: sensor
  unit: Celsius
  min: -40
  max: 80
  description: Air in the box
  x-milepost: {perUnit: 10, group: body, dataActClass: preProcessed, label: Box, sourcePriority: [tracker]}
Vehicle.Acme.Mode: {datatype: string, type: sensor, allowed: [OFF, COOL, HEAT]}
Vehicle.Acme.IsLocked: {datatype: boolean, type: actuator}
Vehicle.Acme.Doors: {datatype: uint8, type: attribute}
Vehicle.Acme.Seals: {datatype: 'string[]', type: sensor}
`;
    const signals = readOverlay(text);
    assert.deepEqual(signals[0], {
      path: box,
      kind: 'number',
      unit: 'Celsius',
      perUnit: 10,
      min: -40,
      max: 80,
      group: 'body',
      dataActClass: 'preProcessed',
      label: 'Box',
      origin: 'user',
      sourcePriority: ['tracker', 'vehicle', 'dashcam', 'phone'],
    });
    assert.deepEqual(
      signals.slice(1).map(({ kind, min, max, perUnit, label }) => [kind, min, max, perUnit, label]),
      [
        ['enum', 0, 2, 1, 'Mode'],
        ['boolean', 0, 1, 1, 'Is locked'],
        ['number', 0, 255, 1, 'Doors'],
        ['stringList', 0, 1024, 1, 'Seals'],
      ],
    );
  });

  it('reads JSON, and an empty one', () => {
    assert.equal(readOverlay(JSON.stringify({ [box]: { datatype: 'double', type: 'sensor' } })).length, 1);
    assert.deepEqual(readOverlay(''), []);
  });

  const wrong: [text: string, field: string, expected: RegExp][] = [
    [`${box}: {datatype: flaot}`, `${box}.datatype`, /float/],
    [`${box}: {}`, `${box}.datatype`, /boolean/],
    [`${box}: {datatype: float, typ: sensor}`, `${box}.typ`, /datatype/],
    [`${box}: {datatype: float, type: thing}`, `${box}.type`, /sensor/],
    [`${box}: {datatype: float, min: 5, max: 5}`, `${box}.max`, /more than min/],
    [`${box}: {datatype: float, min: low}`, `${box}.min`, /number/],
    [`${box}: {datatype: float, max: 1.0e+15, x-milepost: {perUnit: 1000}}`, `${box}.x-milepost.perUnit`, /2\^53/],
    [`${box}: {datatype: float, x-milepost: {perUnit: 0}}`, `${box}.x-milepost.perUnit`, /more than 0/],
    [`${box}: {datatype: float, x-milepost: {group: secrets}}`, `${box}.x-milepost.group`, /position/],
    [`${box}: {datatype: float, x-milepost: {sourcePriority: [moon]}}`, `${box}.x-milepost.sourcePriority`, /tracker/],
    [`${box}: {datatype: float, allowed: [a]}`, `${box}.allowed`, /string/],
    [`${box}: {datatype: string, allowed: [A, A]}`, `${box}.allowed`, /different/],
    [`${box}: 5`, box, /datatype/],
    ['Acme.Box: {datatype: float}', 'overlay', /Vehicle\./],
    ['Vehicle.acme: {datatype: float}', 'overlay', /Vehicle\./],
    ['Vehicle.Speed: {datatype: float}', 'overlay', /core/],
    ['[1, 2]', 'overlay', /path/],
    [`${box}: {datatype: float\n${box}: [`, 'overlay', /YAML/],
    [`${box}: {datatype: float}\n${box}: {datatype: float}`, 'overlay', /YAML/],
    [`a: &a {datatype: float}\n${box}: *a`, 'overlay', /YAML/],
  ];
  for (const [text, field, expected] of wrong) {
    it(`refuses ${JSON.stringify(text).slice(0, 80)}`, () => assert.throws(() => readOverlay(text), refused(field, expected)));
  }
});

describe('numbers of user signals', () => {
  const read = (text: string) => readOverlay(text);
  const first = mergeOverlay(
    [],
    read(`${box}: {datatype: float, unit: Celsius}\nVehicle.Acme.Mode: {datatype: string, allowed: [OFF, ON]}`),
  );

  it('begin at 32768 and make a vocabulary that works', () => {
    assert.deepEqual(
      first.map((signal) => signal.number),
      [32_768, 32_769],
    );
    const signal = makeVocabulary(2, first).byPath(box);
    assert.ok(signal);
    assert.deepEqual(quantise(signal, 4.5), { ok: true, stored: 450 });
  });

  it('are never given again: a signal that leaves the overlay stays', () => {
    const second = mergeOverlay(first, read('Vehicle.Acme.New: {datatype: boolean}'));
    assert.deepEqual(
      second.map((signal) => [signal.path, signal.number]),
      [
        [box, 32_768],
        ['Vehicle.Acme.Mode', 32_769],
        ['Vehicle.Acme.New', 32_770],
      ],
    );
  });

  it('keep their meaning: type, unit and scale cannot change', () => {
    for (const change of [
      'datatype: boolean',
      'datatype: float, unit: kPa',
      'datatype: float, unit: Celsius, x-milepost: {perUnit: 10}',
    ]) {
      assert.throws(() => mergeOverlay(first, read(`${box}: {${change}}`)), refused(box, /number 32768/), change);
    }
  });

  it('take new bounds, labels and words at the end of an enum', () => {
    const changed = mergeOverlay(
      first,
      read(`${box}: {datatype: float, unit: Celsius, max: 90}\nVehicle.Acme.Mode: {datatype: string, allowed: [OFF, ON, AUTO]}`),
    );
    assert.deepEqual([changed[0]?.max, changed[1]?.values], [90, ['OFF', 'ON', 'AUTO']]);
    assert.throws(
      () => mergeOverlay(first, read('Vehicle.Acme.Mode: {datatype: string, allowed: [ON, OFF]}')),
      refused('Vehicle.Acme.Mode', /OFF, ON/),
    );
  });

  it('end at 65535', () => {
    const last = { ...first[0], path: 'Vehicle.Acme.Last', number: 65_535 } as (typeof first)[number];
    assert.throws(() => mergeOverlay([last], read(`${box}: {datatype: float}`)), /no number is left/);
  });
});

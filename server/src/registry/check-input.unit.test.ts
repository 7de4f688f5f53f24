import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CallerError } from '../kernel/index.ts';
import { checkNewDevice, checkNewVehicle, checkVehicleChanges } from './check-input.ts';
import type { NewVehicle } from './types.ts';

const vin = '1M8GDM9AXKP042788';
const refused = (field: string) => (error: unknown) =>
  error instanceof CallerError && error.code === 'invalid_field' && error.details.field === field;

describe('what is given of a vehicle', () => {
  it('is trimmed and completed', () => {
    assert.deepEqual(
      checkNewVehicle({
        vin: ` ${vin.toLowerCase()}`,
        customer: ' Acme ',
        plate: ' B-MP 1 ',
        model: '',
        groups: ['a', ' a ', 'b'],
      }),
      {
        vin,
        customer: 'Acme',
        plate: 'B-MP 1',
        model: null,
        grossWeightKg: null,
        batteryKwh: null,
        tirePlacardKpa: null,
        groups: ['a', 'b'],
        note: null,
      },
    );
  });
  const wrong: [field: string, more: Record<string, unknown>][] = [
    ['vin', { vin: 'SHORT' }],
    ['vin', { vin: 17 }],
    ['customer', { customer: '  ' }],
    ['customer', { customer: 'x'.repeat(201) }],
    ['plate', { plate: 'a\u0000b' }],
    ['plate', { plate: '\ud800' }],
    ['grossWeightKg', { grossWeightKg: 0 }],
    ['batteryKwh', { batteryKwh: 0 }],
    ['batteryKwh', { batteryKwh: 2001 }],
    ['grossWeightKg', { grossWeightKg: 2_147_483_648 }],
    ['grossWeightKg', { grossWeightKg: 1.5 }],
    ['tirePlacardKpa', { tirePlacardKpa: [240, 240, 240] }],
    ['tirePlacardKpa', { tirePlacardKpa: [240, 240, 240, '240'] }],
    ['groups', { groups: 'one' }],
    ['groups', { groups: ['', 'b'] }],
    ['groups', { groups: Array.from({ length: 51 }, (_, i) => `g${i}`) }],
  ];
  for (const [field, more] of wrong) {
    it(`is refused with ${JSON.stringify(more).slice(0, 60)}`, () => {
      assert.throws(() => checkNewVehicle({ vin, customer: 'Acme', ...more } as NewVehicle), refused(field));
    });
  }
  it('changes only what is named; null and empty clear', () => {
    assert.deepEqual(checkVehicleChanges({ plate: null, model: '', groups: null }), { plate: null, model: null, groups: [] });
    assert.deepEqual(checkVehicleChanges({}), {});
    assert.throws(() => checkVehicleChanges({ customer: null }), refused('customer'));
  });
});

describe('what is given of a device', () => {
  it('reaches back without limit unless it says from when', () => {
    assert.deepEqual(checkNewDevice({ imei: '490154203237518' }), {
      imei: '490154203237518',
      kind: 'vehicle',
      fromMs: Number.NEGATIVE_INFINITY,
    });
    assert.equal(checkNewDevice({ imei: '490154203237518', fromMs: 5 }).fromMs, 5);
  });
  it('is refused with a wrong IMEI, kind or time', () => {
    assert.throws(() => checkNewDevice({ imei: '12' }), refused('imei'));
    assert.throws(() => checkNewDevice({ imei: '490154203237518', kind: 'toaster' as 'phone' }), refused('kind'));
    for (const fromMs of [-1, Number.NaN, 1e15, 1.5])
      assert.throws(() => checkNewDevice({ imei: '490154203237518', fromMs }), refused('from'));
  });
});

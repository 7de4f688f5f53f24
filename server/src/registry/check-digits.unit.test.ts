import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { idPrefixes, isId, makeId, systemRandom } from './ids.ts';
import { isImeiCheckDigitValid, normaliseImei } from './imei.ts';
import { isVinCheckDigitValid, normaliseVin } from './vin.ts';

describe('VIN', () => {
  it('is upper case without space around it', () => assert.equal(normaliseVin(' 1m8gdm9axkp042788 '), '1M8GDM9AXKP042788'));
  for (const text of [
    '',
    '1M8GDM9AXKP04278',
    '1M8GDM9AXKP0427888',
    '1M8GDM9AXKPO42788',
    'IM8GDM9AXKP042788',
    '1M8GDM9AXKPQ42788',
    '1M8GDM9A-KP042788',
  ]) {
    it(`cannot be ${JSON.stringify(text)}`, () => assert.equal(normaliseVin(text), undefined));
  }
  // The example of 49 CFR 565.15, and seventeen ones, whose weights add up to 89 = 8 · 11 + 1.
  for (const vin of ['1M8GDM9AXKP042788', '11111111111111111', '5GZCZ43D13S812715']) {
    it(`${vin} has a check digit that fits`, () => assert.equal(isVinCheckDigitValid(vin), true));
  }
  for (const vin of ['1M8GDM9A1KP042788', 'WVWZZZ1JZ3W386752']) {
    it(`${vin} has none`, () => assert.equal(isVinCheckDigitValid(vin), false));
  }
  it('notices every wrong digit', () => {
    const vin = '1M8GDM9AXKP042788';
    fc.assert(
      fc.property(fc.constantFrom(12, 13, 14, 15, 16), fc.integer({ min: 0, max: 9 }), (place, digit) => {
        const changed = vin.slice(0, place) + String(digit) + vin.slice(place + 1);
        return isVinCheckDigitValid(changed) === (changed === vin);
      }),
    );
  });
});

describe('IMEI', () => {
  it('is 15 digits', () => {
    assert.equal(normaliseImei(' 490154203237518 '), '490154203237518');
    for (const text of ['', '49015420323751', '4901542032375180', '49015420323751X', '４90154203237518'])
      assert.equal(normaliseImei(text), undefined);
  });
  it('has a check digit that notices every wrong digit', () => {
    const imei = '490154203237518';
    assert.equal(isImeiCheckDigitValid(imei), true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 9 }), (place, digit) => {
        const changed = imei.slice(0, place) + String(digit) + imei.slice(place + 1);
        return isImeiCheckDigitValid(changed) === (changed === imei);
      }),
    );
  });
});

describe('ids', () => {
  it('are told from names, and differ', () => {
    const ids = Array.from({ length: 5000 }, () => makeId(idPrefixes.customer, systemRandom));
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.ok(isId(idPrefixes.customer, id), id);
    for (const text of ['Acme', 'cus_', 'cus_Acme', 'veh_0123456789abcdef', 'cus_0123456789abcdefg', 'cus_0123456789abcdil']) {
      assert.equal(isId(idPrefixes.customer, text), false);
    }
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import en from '../i18n/en/faults.ts';
import de from '../i18n/de/faults.ts';
import es from '../i18n/es/faults.ts';
import { knownFaults, readFault } from './fault-codes.ts';

test('a generic code is told in words, others by their family', () => {
  assert.deepEqual(readFault(' p0a80-00 '), {
    code: 'P0A80',
    system: 'powertrain',
    isGeneric: true,
    part: 'electricDrive',
    known: 'P0A80',
  });
  const family = (code: string) => {
    const { system, isGeneric, part } = readFault(code);
    return [system, isGeneric, part];
  };
  assert.deepEqual(family('P0399'), ['powertrain', true, 'ignition']);
  assert.deepEqual(family('P0788'), ['powertrain', true, 'transmission']);
  assert.deepEqual(family('P2A01'), ['powertrain', true, 'airAndFuel']);
  assert.deepEqual(family('P1ABC'), ['powertrain', false, undefined]);
  assert.deepEqual(family('P3300'), ['powertrain', false, undefined]);
  assert.deepEqual(family('P3400'), ['powertrain', true, undefined]);
  assert.deepEqual(family('C1234'), ['chassis', false, undefined]);
  assert.deepEqual(family('B00AA'), ['body', true, undefined]);
  assert.deepEqual(family('U3000'), ['network', true, undefined]);
});

test('what is no code of this form is left as it is', () => {
  for (const text of ['', 'BMS_a066', 'P4000', 'X0001', 'P01']) {
    assert.deepEqual(readFault(text), { code: text, system: undefined, isGeneric: false, part: undefined, known: undefined });
  }
});

test('every language has words for every code that is known, and each is generic', () => {
  for (const words of [en, de, es]) assert.deepEqual(Object.keys(words.codes).sort(), knownFaults.toSorted());
  for (const code of knownFaults) assert.ok(readFault(code).isGeneric && readFault(code).known === code, code);
});

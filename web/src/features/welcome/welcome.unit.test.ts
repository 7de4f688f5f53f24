import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quote, reportCommand } from './commands.ts';
import { makeExample } from './example.ts';

const luhnSum = (imei: string): number =>
  imei
    .split('')
    .toReversed()
    .reduce((sum, letter, index) => {
      const doubled = Number(letter) * (index % 2 === 1 ? 2 : 1);
      return sum + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);

test('an example has a VIN and an IMEI of the right form', () => {
  for (let n = 0; n < 50; n++) {
    const { vin, imei } = makeExample();
    assert.match(vin, /^[0-9A-HJ-NPR-Z]{17}$/);
    assert.match(imei, /^001\d{12}$/);
    assert.equal(luhnSum(imei) % 10, 0);
  }
});

test('what is pasted into a shell stays what it is', () => {
  assert.equal(quote(`it's`), String.raw`'it'\''s'`);
  assert.match(reportCommand('http://127.0.0.1:1', '1', `a'b`), /"secret":"a'\\''b"/);
});

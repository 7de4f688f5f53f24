import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignals } from '@milepost/contract';
import de from './de/signals.ts';
import es from './es/signals.ts';

for (const [language, names] of Object.entries({ es, de } as const)) {
  test(`${language} names every signal that each Milepost knows, and no other`, () => {
    assert.deepEqual(Object.keys(names).sort(), coreSignals.map(({ path }) => path).sort());
  });

  test(`${language} names no two signals alike, and none in English`, () => {
    const given = new Map<string, string>(Object.entries(names));
    assert.equal(new Set(given.values()).size, given.size);
    const left = coreSignals.filter(({ path, label }) => given.get(path) === label);
    assert.deepEqual(left, []);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDayOfWeek, languageOf, localeOf, regionOf } from './locale.ts';

test('the language is the first of the browser that is spoken here', () => {
  assert.equal(languageOf(['fr-FR', 'es-MX', 'de']), 'es');
  assert.equal(languageOf(['de-CH', 'en']), 'de');
  assert.equal(languageOf(['ja']), 'en');
  assert.equal(languageOf(['C', 'es']), 'es', 'what is no language is passed over');
});

test('numbers and dates follow the region of the person, in the language that was chosen', () => {
  assert.equal(localeOf('de', ['en-US', 'de-CH']), 'de-CH');
  assert.equal(localeOf('en', ['de-DE', 'de']), 'en-DE');
  assert.equal(localeOf('es', ['en']), 'es');
  assert.equal(regionOf(['en', 'de-AT']), 'AT');
  assert.equal(regionOf(['en']), undefined);
});

test('a week begins where people begin it', () => {
  assert.equal(firstDayOfWeek('en-US'), 7);
  assert.equal(firstDayOfWeek('de'), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignals } from '@milepost/contract/signals';
import { type FormatSettings, makeFormats, type Presented } from './formats.ts';
import { makeScales, unitsOfRegion } from './units.ts';

const metric = unitsOfRegion('DE');
const english: FormatSettings = { locale: 'en-IE', units: metric, timeZone: 'UTC' };
const american: FormatSettings = { locale: 'en-US', units: unitsOfRegion('US'), timeZone: 'America/Los_Angeles' };
const german: FormatSettings = { locale: 'de-DE', units: metric, timeZone: 'Europe/Berlin' };
const spanish: FormatSettings = { locale: 'es-ES', units: metric, timeZone: 'Europe/Madrid' };
const words = { yes: 'yes', no: 'no', none: 'none' };
const tire = 'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure';
const at = Date.UTC(2026, 10, 3, 13, 5, 9);

/** Browsers write spaces that do not break into some texts. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');
const joined = (formats: { join(presented: Presented): string }, presented: Presented): string => plain(formats.join(presented));

test('every unit of the vocabulary has a form for people', () => {
  const scaleOf = makeScales(metric);
  const unknown = coreSignals.filter(({ path, unit }) => unit !== '' && scaleOf(path, unit) === undefined);
  assert.deepEqual(
    unknown.map(({ path, unit }) => `${path}: ${unit}`),
    [],
  );
});

test('signals are shown in the unit that people use', () => {
  const formats = makeFormats(english);
  assert.deepEqual(formats.quantity('Vehicle.TraveledDistance', 'm', 18_204_400), { text: '18,204', unit: 'km' });
  assert.deepEqual(formats.quantity(tire, 'kPa', 210), { text: '2.1', unit: 'bar' });
  assert.deepEqual(formats.quantity('Vehicle.CurrentLocation.Altitude', 'm', 140), { text: '140', unit: 'm' });
  assert.deepEqual(formats.quantity('Vehicle.CurrentLocation.Latitude', 'degrees', 34.0209), { text: '34.02090', unit: '°' });
  assert.deepEqual(formats.quantity('Vehicle.Mine', 'furlong', 1.234), { text: '1.23', unit: 'furlong' });
  assert.deepEqual(formats.quantity('Vehicle.Service.TimeToService', 's', 266_400), { text: '3 d 2 h', unit: '' });
});

test('the same values in the units of the United States', () => {
  const formats = makeFormats(american);
  assert.equal(joined(formats, formats.quantity('Vehicle.TraveledDistance', 'm', 18_204_400)), '11,312 mi');
  assert.equal(joined(formats, formats.quantity(tire, 'kPa', 210)), '30 psi');
  assert.equal(joined(formats, formats.quantity('Vehicle.CurrentLocation.Altitude', 'm', 140)), '459 ft');
  assert.equal(joined(formats, formats.speed(100)), '62 mph');
  assert.equal(joined(formats, formats.temperature(-40)), '-40 °F');
  assert.equal(joined(formats, formats.temperature(21.5)), '71 °F');
  assert.equal(joined(formats, formats.weight(1500)), '3,307 lb');
  assert.equal(joined(formats, formats.consumption(16)), '3.9 mi/kWh');
  assert.equal(joined(formats, formats.distance(1609.344)), '1.0 mi');
  assert.deepEqual(unitsOfRegion('GB'), { distance: 'mi', pressure: 'psi', temperature: 'C', weight: 'kg' });
});

test('a way has the digits that say something', () => {
  const formats = makeFormats(english);
  assert.deepEqual(
    [0, 420, 42_049, 99_940, 99_960, 1_234_567].map((metres) => formats.distance(metres).text),
    ['0.0', '0.4', '42.0', '99.9', '100', '1,235'],
  );
  assert.equal(joined(formats, formats.consumption(16.04)), '16.0 kWh/100 km');
});

test('numbers are written as the language does', () => {
  const formats = makeFormats(german);
  assert.equal(joined(formats, formats.distance(12_345)), '12,3 km');
  assert.equal(joined(formats, formats.percent(62.4)), '62 %');
  assert.equal(formats.number(18_204, 0), '18.204');
  assert.equal(formats.latLong(34.0209, -6.8416, 4), '34,0209; -6,8416');
  assert.equal(makeFormats(english).latLong(34.0209, -6.8416, 4), '34.0209, -6.8416');
  assert.equal(formats.number(-0.2), '0', 'no minus before nothing');
  assert.equal(joined(formats, formats.bytes(1_234_567)), '1,2 MB');
  assert.deepEqual(
    [0, 999, 1000, 123_456_789].map((bytes) => joined(formats, formats.bytes(bytes))),
    ['0 B', '999 B', '1,0 kB', '123 MB'],
  );
});

test('times are those of the chosen zone, in the manner of the region', () => {
  assert.equal(plain(makeFormats(english).dateTime(at)), '3 Nov 2026, 13:05');
  assert.equal(plain(makeFormats(american).time(at)), '5:05 AM');
  assert.equal(plain(makeFormats(german).exact(at)), '3. Nov. 2026, 14:05:09');
  assert.equal(makeFormats(german).exact(new Date(at).toISOString()), makeFormats(german).exact(at));
  assert.equal(plain(makeFormats(spanish).day(at)), 'mar, 3 nov');
  assert.equal(makeFormats(german).month(at), 'November 2026');
  assert.match(plain(makeFormats(english).period(at, at + 3_600_000)), /^3 Nov 2026, 13:05 ?– ?14:05$/);
  assert.equal(makeFormats(american).firstDayOfWeek, 7);
  assert.equal(makeFormats(german).firstDayOfWeek, 1);
});

test('a duration is said in its two largest units', () => {
  const { duration } = makeFormats(english);
  const seconds = [0, 59.4, 60, 125, 599, 600, 3599, 3600, 4320, 86_399, 86_400, 266_400];
  assert.deepEqual(
    seconds.map((count) => duration(count * 1000)),
    ['0 s', '59 s', '1 min', '2 min 5 s', '9 min 59 s', '10 min', '1 h', '1 h', '1 h 12 min', '1 d', '1 d', '3 d 2 h'],
  );
});

test('an age is said in one unit', () => {
  assert.equal(makeFormats(german).age(at - 12_000, at), '12 s');
  assert.equal(makeFormats(german).age(new Date(at - 3 * 86_400_000).toISOString(), at), '3 d');
});

test('what is no number is said in words', () => {
  const { value } = makeFormats(english);
  assert.equal(value('a', '', true, words).text, 'yes');
  assert.equal(value('a', '', [], words).text, 'none');
  assert.equal(value('a', '', ['P0A0F', 'U0100'], words).text, 'P0A0F, U0100');
  assert.equal(value('a', '', '', words).text, 'none');
});

test('names are ordered as people count', () => {
  const { compare, list } = makeFormats(english);
  assert.deepEqual(['VAN 10', 'VAN 9', 'älter'].sort(compare), ['älter', 'VAN 9', 'VAN 10']);
  assert.equal(list(['a', 'b', 'c']), 'a, b and c');
});

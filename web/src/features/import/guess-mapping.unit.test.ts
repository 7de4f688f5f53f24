import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessMapping, mappingOf } from './guess-mapping.ts';
import { readPreview } from './preview.ts';

const units = (signal: string): readonly string[] =>
  signal === 'Vehicle.Speed'
    ? ['km/h', 'm/s', 'mph', 'kn']
    : signal === 'Vehicle.TraveledDistance'
      ? ['m', 'km', 'mi', 'ft']
      : ['degrees'];

test('the first lines, whatever divides them', () => {
  const preview = readPreview('\uFEFFTime;"Speed ""v"" (mph)";Note\r\n2026-11-03;12,5;"a;b\nc"\r\n\r\n2026-11-04;1;\r\n');
  assert.deepEqual(preview.columns, ['Time', 'Speed "v" (mph)', 'Note']);
  assert.deepEqual(preview.rows, [
    ['2026-11-03', '12,5', 'a;b\nc'],
    ['2026-11-04', '1', ''],
  ]);
  assert.deepEqual(readPreview('a,b').columns, ['a', 'b']);
  assert.deepEqual(readPreview(''), { columns: [], rows: [] });
  assert.equal(readPreview(`t\n${'1\n'.repeat(50)}`).rows.length, 5);
});

test('what columns seem to be, and what is sent', () => {
  const preview = readPreview(
    'Timestamp;Latitude;Longitude;Speed (mph);Odometer km;Driver\n1795000000000;48,1;11,5;30,5;1200;Ada\n',
  );
  const draft = guessMapping(preview, 'Europe/Berlin', units);
  assert.deepEqual([draft.time, draft.format, draft.decimal], ['Timestamp', 'epochMilliseconds', 'comma']);
  assert.deepEqual(mappingOf(draft, preview.columns), {
    time: { columns: ['Timestamp'], format: 'epochMilliseconds', zone: 'Europe/Berlin' },
    decimal: 'comma',
    columns: [
      { column: 'Latitude', signal: 'Vehicle.CurrentLocation.Latitude', unit: 'degrees' },
      { column: 'Longitude', signal: 'Vehicle.CurrentLocation.Longitude', unit: 'degrees' },
      { column: 'Speed (mph)', signal: 'Vehicle.Speed', unit: 'mph' },
      { column: 'Odometer km', signal: 'Vehicle.TraveledDistance', unit: 'km' },
    ],
  });
  assert.equal(mappingOf({ ...draft, columns: [] }, preview.columns), undefined, 'nothing is mapped');
});

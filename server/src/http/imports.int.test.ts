import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ImportMapping, ImportResult } from '@milepost/contract/api';
import { importResult } from '@milepost/contract/api';
import { Value } from 'typebox/value';
import { addVehicle, type TestVehicle } from './testing/fleet.ts';
import { openTestServer, operatorToken, type TestServer } from './testing/open-test-server.ts';

const recorded = join(import.meta.dirname, '../protocols/gpx/recorded');
const location = 'Vehicle.CurrentLocation';

let server: TestServer;
let vehicles = 0;

before(async () => {
  // The files go back to 2009.
  server = await openTestServer('imports', {}, { retentionDays: 36_525 });
});
after(() => server.close());

const newVehicle = (): Promise<TestVehicle> => addVehicle(server, ++vehicles);

interface Sent {
  readonly type?: string;
  readonly mapping?: ImportMapping;
  readonly dryRun?: boolean;
}

const post = async (
  id: string,
  body: Uint8Array<ArrayBuffer> | string,
  { type = 'application/gpx+xml', mapping, dryRun }: Sent = {},
) => {
  const query = new URLSearchParams({
    ...(mapping ? { mapping: JSON.stringify(mapping) } : {}),
    ...(dryRun ? { dryRun: 'true' } : {}),
  });
  const response = await fetch(`${server.origin}/v1/vehicles/${id}/import?${query.toString()}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': type },
  });
  return {
    status: response.status,
    json: (await response.json()) as ImportResult & { code?: string; field?: string; detail?: string },
  };
};

const importFile = async (id: string, body: Uint8Array<ArrayBuffer> | string, sent: Sent = {}): Promise<ImportResult> => {
  const { status, json } = await post(id, body, sent);
  assert.equal(status, 200, JSON.stringify(json));
  assert.deepEqual(Value.Errors(importResult, json), [], JSON.stringify(json));
  return json;
};

const historyOf = async (id: string, signals: string, from: string, to: string) =>
  (await server.ask('readHistory', { id, query: { signals, from, to } })).json as unknown as {
    times: number[];
    columns: Record<string, (number | boolean | null)[]>;
  };

describe('GPX files that other parsers are tested with', () => {
  /** Points that are stored, points that are not and why. A point of another kind than a track's is not_a_track. */
  const expected: Readonly<
    Record<string, readonly [stored: number, refused: number, reasons: Readonly<Record<string, number>>]>
  > = {
    'around-visnjan-with-car': [104, 0, {}],
    'cerknicko-jezero': [296, 7, { not_a_track: 7 }],
    custom_schema_locations: [0, 0, { nothing_to_import: 1 }],
    default_schema_locations: [0, 0, { nothing_to_import: 1 }],
    first_and_last_elevation: [10, 0, {}],
    'gpx-with-node-with-comments': [1, 0, {}],
    'gpx1.0_with_all_fields': [1, 7, { not_a_track: 7 }],
    'gpx1.1_with_all_fields': [1, 7, { not_a_track: 7 }],
    'gpx1.1_with_extensions_without_namespaces': [0, 1, { not_a_track: 1 }],
    gpx_with_garmin_extension: [0, 1, { not_a_track: 1 }],
    route: [0, 55, { not_a_track: 55 }],
    'track-with-extremes': [0, 25, { no_time: 25 }],
    'track-with-less-sec-time': [2, 0, {}],
    'track-with-small-floats': [0, 3, { no_time: 3 }],
    track_with_dilution_errors: [0, 3, { not_a_track: 2, no_time: 1 }],
    track_with_speed: [3, 0, {}],
    unicode: [0, 6, { not_a_track: 6 }],
    unicode2: [0, 0, { nothing_to_import: 1 }],
    unicode_with_bom_noencoding: [0, 1, { not_a_track: 1 }],
  };

  for (const [name, [stored, refused, reasons]] of Object.entries(expected)) {
    it(`${name}: ${stored} read, ${refused} refused`, async () => {
      const { id } = await newVehicle();
      const file = await readFile(join(recorded, `${name}.gpx`));
      const dry = await importFile(id, file, { dryRun: true });
      const result = await importFile(id, file);
      assert.deepEqual({ ...dry, isDryRun: false }, result);
      assert.deepEqual(
        { stored: result.stored, refused: result.refused, unchanged: result.unchanged, reasons: result.reasons },
        { stored, refused, unchanged: 0, reasons },
      );
      assert.ok(result.isWhole);
      const again = await importFile(id, file);
      assert.deepEqual([again.stored, again.unchanged, again.refused], [0, stored, refused]);
      const { json } = await server.ask('readVehicle', { id });
      assert.deepEqual([json.status, json.lastSeen], ['never_seen', null], 'nobody was heard');
    });
  }
});

const onThatDay = (time: string): number => Date.parse(`2009-03-02T${time}Z`);

describe('a track', () => {
  it('has position, altitude and speed in our units at the times of its points', async () => {
    const { id } = await newVehicle();
    const result = await importFile(id, await readFile(join(recorded, 'track_with_speed.gpx')));
    assert.deepEqual([result.from, result.to], ['2009-03-02T14:05:52.000Z', '2009-03-02T14:06:05.000Z']);
    const signals = `${location}.Latitude,${location}.Longitude,${location}.Altitude,Vehicle.Speed`;
    const { times, columns } = await historyOf(id, signals, '2009-03-02', '2009-03-03');
    assert.deepEqual(times, ['14:05:52', '14:05:58', '14:06:05'].map(onThatDay));
    assert.deepEqual(columns['Vehicle.Speed'], [4.32, 7.92, 11.52]);
    assert.deepEqual(columns[`${location}.Latitude`], [52.330_848, 52.330_951, 52.331_014]);
    assert.deepEqual(columns[`${location}.Altitude`], [49, 58.2, 53.4]);
  });

  it('that was exported comes back the same', async () => {
    const [one, two] = [await newVehicle(), await newVehicle()];
    await importFile(one.id, await readFile(join(recorded, 'around-visnjan-with-car.gpx')));
    const period = { from: '2020-12-18', to: '2020-12-19' };
    const file = await server.ask('exportHistory', { id: one.id, query: { format: 'gpx', ...period } });
    assert.equal((await importFile(two.id, file.text)).stored, 104);
    const signals = `${location}.Latitude,${location}.Longitude,${location}.Altitude`;
    const [first, second] = await Promise.all([one, two].map(({ id }) => historyOf(id, signals, period.from, period.to)));
    assert.deepEqual(second, first);
  });

  it('does not change who is online, and live values only forward in time', async () => {
    const van = await newVehicle();
    const now = Date.now();
    const place = (latitude: number) => ({ [`${location}.Latitude`]: latitude, [`${location}.Longitude`]: 5.5 });
    await van.report([{ time: now - 60_000, signals: place(50) }]);
    const point = (time: number, latitude: number): string =>
      `<gpx><trk><trkseg><trkpt lat="${latitude}" lon="5.5"><time>${new Date(time).toISOString()}</time></trkpt></trkseg></trk></gpx>`;
    const shown = (await server.ask('readVehicle', { id: van.id })).json;
    await importFile(van.id, point(now - 3_600_000, 40));
    assert.deepEqual((await server.ask('readVehicle', { id: van.id })).json, shown);
    const { times } = await historyOf(van.id, `${location}.Latitude`, String(now - 7_200_000), String(now));
    assert.equal(times.length, 2, 'its past has both');
    const ahead = await importFile(van.id, point(now + 3_600_000, 40));
    assert.deepEqual(ahead.reasons, { bad_time: 1 }, 'nobody was anywhere in the future');
  });

  it('is told apart from a track that says otherwise about the same time', async () => {
    const { id } = await newVehicle();
    const file = (await readFile(join(recorded, 'track_with_speed.gpx'))).toString();
    await importFile(id, file);
    const other = await importFile(id, file.replace('52.330951', '52.4'));
    assert.deepEqual([other.stored, other.unchanged, other.reasons], [0, 3, { conflict: 1 }]);
    const [problem] = other.problems;
    assert.deepEqual([problem?.line, problem?.column, problem?.value], [11, 'lat', '52.4']);
  });
});

describe('what an import respects', () => {
  it('retention: older than it is kept is refused', async () => {
    const { id } = await newVehicle();
    await server.ask('changeRetention', { id, body: { days: 400 } });
    const result = await importFile(id, await readFile(join(recorded, 'track_with_speed.gpx')));
    assert.deepEqual([result.stored, result.reasons], [0, { too_old: 3 }]);
  });

  it('erasure: what was erased does not come back', async () => {
    const { id } = await newVehicle();
    const file = await readFile(join(recorded, 'track_with_speed.gpx'));
    await importFile(id, file);
    await server.ask('eraseData', { id, query: { from: '2009-03-02T14:05:55Z', to: '2009-03-03' } });
    const again = await importFile(id, file);
    assert.deepEqual([again.stored, again.unchanged, again.reasons], [0, 1, { erased: 2 }]);
    const { times } = await historyOf(id, `${location}.Latitude`, '2009-03-02', '2009-03-03');
    assert.deepEqual(times, [onThatDay('14:05:52')]);
  });
});

describe('files that are none', () => {
  it('are refused whole, with where and why', async () => {
    const { id } = await newVehicle();
    for (const [body, words] of [
      ['', /must contain a root element/],
      ['hello', /line 1/],
      ['<html/>', /it begins with <html>/],
      ['<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>', /a document type is not read/],
      ['<gpx><trk>&nbsp;</trk></gpx>', /line 1/],
    ] as const) {
      const { status, json } = await post(id, body);
      assert.deepEqual([status, json.code], [400, 'bad_request'], body);
      assert.match(json.detail ?? '', words);
    }
    assert.equal((await post(id, '{}', { type: 'application/json' })).status, 415);
    assert.equal((await post('veh_none', '<gpx/>')).status, 404);
  });

  it('that end in the middle are stored up to there', async () => {
    const { id } = await newVehicle();
    const file = (await readFile(join(recorded, 'track_with_speed.gpx'))).toString();
    const result = await importFile(id, file.slice(0, file.indexOf('5.541333')));
    assert.deepEqual([result.isWhole, result.stored, result.reasons], [false, 2, { unreadable: 1 }]);
  });
});

describe('CSV', () => {
  const mapping: ImportMapping = {
    time: { columns: ['Date', 'Time'], format: 'dd.MM.yyyy HH:mm:ss', zone: 'Europe/Berlin' },
    decimal: 'comma',
    columns: [
      { column: 'Speed', signal: 'Vehicle.Speed', unit: 'mph' },
      { column: 'Odometer', signal: 'Vehicle.TraveledDistance', unit: 'mi' },
      { column: 'FL', signal: 'Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure', unit: 'psi' },
      { column: 'Outside', signal: 'Vehicle.Exterior.AirTemperature', unit: '°F' },
      { column: 'Charging', signal: 'Vehicle.Powertrain.TractionBattery.Charging.IsCharging' },
    ],
  };
  const head = 'Date;Time;Speed;Odometer;FL;Outside;Charging;Remark';

  it('becomes samples by its mapping, in units of the vocabulary', async () => {
    const { id } = await newVehicle();
    const text = `\uFEFF${head}\r\n"01.07.2026";12:00:00;62,14;"1000";35;68;yes;"a ""b"""\r\n01.07.2026;12:00:01;;;;;no;\r\n`;
    const result = await importFile(id, text, { type: 'text/csv', mapping });
    assert.deepEqual([result.samples, result.stored, result.values, result.problems], [2, 2, 6, []]);
    assert.equal(result.from, '2026-07-01T10:00:00.000Z');
    const paths = mapping.columns.map(({ signal }) => signal);
    const { columns } = await historyOf(id, paths.join(','), '2026-07-01', '2026-07-02');
    assert.deepEqual(
      paths.map((path) => columns[path]),
      [
        [100, null],
        [1_609_344, null],
        [241, null],
        [20, null],
        [true, false],
      ],
    );
  });

  it('stores good lines and says of each other one where it stands and what was expected', async () => {
    const { id } = await newVehicle();
    const lines = [
      '29.03.2026;02:30:00;10;;;;;skipped by clocks',
      '31.02.2026;12:00:00;10;;;;;no such day',
      ';;10;;;;;no time',
      '01.07.2026;12:00:00;fast;5;;;;half of it',
      '01.07.2026;12:00:01;900;;;;;too fast',
      '01.07.2026;12:00:02;10;;;;;good',
      '01.07.2026;12:00:03;10',
      '01.07.2026;12:00:04;;;;;;nothing',
      '01.07.2026;12:00:02;11;;;;;another value for the same time',
    ];
    const text = [head, ...lines].join('\n');
    const result = await importFile(id, text, { type: 'text/csv', mapping });
    assert.deepEqual(
      result.problems.map(({ line, column, value, reason }) => [line, column, value, reason]),
      [
        [2, 'Date Time', '29.03.2026 02:30:00', 'bad_time'],
        [3, 'Date Time', '31.02.2026 12:00:00', 'bad_time'],
        [4, 'Date Time', undefined, 'no_time'],
        [5, 'Speed', 'fast', 'wrong_type'],
        [6, 'Speed', '900', 'out_of_bounds'],
        [8, undefined, '01.07.2026 12:00:03 10', 'wrong_cells'],
        [9, undefined, undefined, 'nothing_to_import'],
        [10, 'Speed', '11', 'conflict'],
      ],
    );
    assert.equal(result.problems[4]?.expected, '-150 to 450 km/h');
    assert.deepEqual([result.samples, result.stored, result.values], [9, 2, 2]);
    const again = await importFile(id, text, { type: 'text/csv', mapping });
    assert.deepEqual([again.stored, again.unchanged, again.reasons], [0, 2, result.reasons]);
  });

  it('refuses a mapping that does not fit, before anything is stored', async () => {
    const { id } = await newVehicle();
    const [column] = mapping.columns;
    assert.ok(column);
    for (const [changed, field] of [
      [{ ...mapping, columns: [{ ...column, signal: 'Vehicle.Wings' }] }, 'mapping.columns[0].signal'],
      [{ ...mapping, columns: [{ ...column, unit: 'furlongs' }] }, 'mapping.columns[0].unit'],
      [{ ...mapping, columns: [column, column] }, 'mapping.columns'],
      [{ ...mapping, columns: [{ ...column, column: 'Velocity' }] }, 'mapping.columns[0].column'],
      [{ ...mapping, time: { columns: ['Date'], format: 'dd.MM.yyyy' } }, 'mapping.time.format'],
      [{ ...mapping, time: { ...mapping.time, zone: 'Mars' } }, 'mapping.time.zone'],
      [{ ...mapping, columns: [] }, 'columns'],
    ] as const) {
      const { status, json } = await post(id, `${head}\n`, { type: 'text/csv', mapping: changed as ImportMapping });
      assert.deepEqual([status, json.code, json.field], [400, 'invalid_field', field], JSON.stringify(json));
    }
    assert.equal((await post(id, head, { type: 'text/csv' })).json.field, 'mapping');
    assert.equal((await post(id, '<gpx/>', { mapping })).json.field, 'mapping');
  });

  it('takes many lines in any order, also into what is stored already', async () => {
    const { id } = await newVehicle();
    const start = Date.UTC(2026, 5, 1);
    const line = (n: number): string => `${start + n * 1000},${n % 100}`;
    // 7 and 12,000 have no common divisor: every line once, far from those beside it.
    const lines = Array.from({ length: 12_000 }, (_, i) => line((i * 7) % 12_000));
    const simple: ImportMapping = {
      time: { columns: ['t'], format: 'epochMilliseconds' },
      columns: [{ column: 'v', signal: 'Vehicle.Speed' }],
    };
    await importFile(id, ['t,v', ...lines.slice(0, 5000)].join('\n'), { type: 'text/csv', mapping: simple });
    const all = await importFile(id, ['t,v', ...lines].join('\n'), { type: 'text/csv', mapping: simple });
    assert.deepEqual([all.samples, all.stored, all.unchanged, all.problems], [12_000, 7000, 5000, []]);
    const { times } = await historyOf(id, 'Vehicle.Speed', '2026-06-01', '2026-06-02');
    assert.equal(times.length, 12_000);
  });
});

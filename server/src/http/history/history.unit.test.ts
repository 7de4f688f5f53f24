import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreSignal, coreVocabulary } from '@milepost/contract';
import { apiLimits } from '@milepost/contract/api';
import fc from 'fast-check';
import type { HistoryResult } from '../../history/index.ts';
import { columnsOf } from './columns.ts';
import { csvText } from '../../kernel/index.ts';
import { readHistoryQuery, wantsCsv } from './read-query.ts';
import { csvCell, writeCsv } from './write-csv.ts';
import { writeJson } from './write-json.ts';

const speed = coreSignal('Vehicle.Speed');
const moving = coreSignal('Vehicle.IsMoving');
const plate = coreSignal('Vehicle.VehicleIdentification.LicensePlate');
const codes = coreSignal('Vehicle.Diagnostics.DTCList');
const lamp = coreSignal('Vehicle.Lamp.Brake');
const t0 = 1_795_000_000_000;

const raw: HistoryResult = {
  times: Float64Array.of(t0, t0 + 1000),
  raw: [
    { numbers: Float64Array.of(5010, Number.NaN) },
    { numbers: Float64Array.of(Number.NaN, 1) },
    { texts: ['=1+1', null] },
    { texts: [null, '["P0420","say \\"hi\\""]'] },
    { numbers: Float64Array.of(2, 0) },
  ],
  completeTo: t0 + 5000,
};
const signals = [speed, moving, plate, codes, lamp];

test('raw history is one array of values a signal, null where there is none', () => {
  const json = JSON.parse([...writeJson(raw, columnsOf(signals, raw), undefined)].join('')) as unknown;
  assert.deepEqual(json, {
    signals: signals.map((signal) => signal.path),
    completeTo: t0 + 5000,
    next: null,
    times: [t0, t0 + 1000],
    columns: {
      [speed.path]: [50.1, null],
      [moving.path]: [null, true],
      [plate.path]: ['=1+1', null],
      [codes.path]: [null, ['P0420', 'say "hi"']],
      [lamp.path]: ['BLINKING', 'OFF'],
    },
  });
});

test('CSV guards formulas, quotes, and lists, and has a header', () => {
  const csv = [...writeCsv(raw, columnsOf(signals, raw))].join('');
  const iso = new Date(t0).toISOString();
  assert.equal(csv.split('\r\n')[0], `time,${signals.map((signal) => signal.path).join(',')}`);
  assert.equal(csv.split('\r\n')[1], `${iso},50.1,,'=1+1,,BLINKING`);
  assert.equal(csv.split('\r\n')[2], `${new Date(t0 + 1000).toISOString()},,true,,"P0420 say ""hi""",OFF`);
});

test('no text cell starts as a formula, and every text can be read back from its cell', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '"', ',', '\n', 'a', '1') }), (text) => {
      const cell = csvText(text);
      const inner = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      assert.ok(!/^[=+\-@\t\r]/.test(inner));
      assert.equal(/^[=+\-@\t\r]/.test(text) ? inner.slice(1) : inner, text);
    }),
  );
  assert.equal(csvCell('-5'), '-5', 'a negative number is no formula');
});

test('steps have min, max, mean, last and count; what is no number has last and count', () => {
  const one = (value: number): Float64Array => Float64Array.of(value);
  const result: HistoryResult = {
    times: Float64Array.of(t0),
    steps: [
      { min: one(100), max: one(201), mean: one(150.333), last: one(201), count: one(3) },
      { texts: ['B-1'], count: one(1) },
    ],
    completeTo: t0,
    nextFromMs: t0 + 60_000,
  };
  const json = JSON.parse([...writeJson(result, columnsOf([speed, plate], result), 60_000)].join('')) as Record<string, unknown>;
  assert.equal(json['next'], t0 + 60_000);
  assert.equal(json['stepMs'], 60_000);
  assert.deepEqual(json['columns'], {
    [speed.path]: { min: [1], max: [2.01], mean: [1.5033], last: [2.01], count: [3] },
    [plate.path]: { last: ['B-1'], count: [1] },
  });
});

test('many rows come in bounded slices and are the same when joined', () => {
  const rows = 50_000;
  const result: HistoryResult = {
    times: Float64Array.from({ length: rows }, (_, i) => t0 + i),
    raw: [{ numbers: Float64Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? Number.NaN : i % 20_000)) }],
    completeTo: t0,
  };
  const slices = [...writeJson(result, columnsOf([speed], result), undefined)];
  assert.ok(Math.max(...slices.map((slice) => slice.length)) < 200_000);
  const json = JSON.parse(slices.join('')) as { times: number[]; columns: Record<string, (number | null)[]> };
  assert.equal(json.times.length, rows);
  assert.equal(json.columns[speed.path]?.[1], 0.01);
  assert.equal(json.columns[speed.path]?.[rows - 1], (rows - 1) % 3 === 0 ? null : ((rows - 1) % 20_000) / 100);
});

test('a history request names its signals and bounds its answer', () => {
  const read = (query: Parameters<typeof readHistoryQuery>[0]) => readHistoryQuery(query, coreVocabulary, t0);
  const asked = read({ signals: 'Vehicle.Speed, Vehicle.IsMoving,Vehicle.Speed' });
  assert.deepEqual(asked.signals, [speed, moving]);
  assert.equal(asked.fromMs, t0 - apiLimits.historyDefaultMs);
  assert.equal(asked.toMs, t0 + apiLimits.historyAheadMs);
  assert.equal(asked.rowsMax, apiLimits.historyRowsMax);
  assert.equal(read({ signals: 'Vehicle.Speed', to: String(t0 - 5) }).fromMs, t0 - 5 - apiLimits.historyDefaultMs);
  assert.equal(read({ signals: 'Vehicle.Speed', step: 0.5 }).stepMs, 500);
  const many = coreVocabulary.signals.slice(0, apiLimits.historySignalsMax).map((signal) => signal.path);
  assert.equal(read({ signals: many.join(',') }).rowsMax, Math.floor(apiLimits.historyCellsMax / many.length));
  assert.throws(() => read({ signals: coreVocabulary.signals.map((signal) => signal.path).join(',') }), {
    code: 'invalid_field',
    message: /at most 64/,
  });
  assert.throws(() => read({ signals: 'Vehicle.Sped' }), { code: 'invalid_field', message: /"Vehicle.Sped"/ });
});

test('CSV is answered by format, else by the Accept header', () => {
  assert.equal(wantsCsv('csv', 'application/json'), true);
  assert.equal(wantsCsv('json', 'text/csv'), false);
  assert.equal(wantsCsv(undefined, 'text/csv'), true);
  assert.equal(wantsCsv(undefined, 'text/csv;q=0.9, application/json'), true);
  assert.equal(wantsCsv(undefined, 'application/json, text/csv'), false);
  assert.equal(wantsCsv(undefined, '*/*'), false);
  assert.equal(wantsCsv(undefined, undefined), false);
});

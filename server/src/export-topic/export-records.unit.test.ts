import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { coreSignals, present, quantise, type SignalValue } from '@milepost/contract';
import fc from 'fast-check';
import { FormatError } from '../events/index.ts';
import { BugError } from '../kernel/index.ts';
import {
  connection,
  exportRecord,
  oneOfEach,
  startMs,
  telemetry,
  unknownSignal,
  userSignal,
  vocabulary,
} from './testing/make-batch.ts';
import { publishedSchemaPath, type ReadValue } from './testing/read-published.ts';

const valueOf = ({ number, text, flag, list }: ReadValue): SignalValue | undefined =>
  number ?? text ?? flag ?? (list ? (list.texts ?? []) : undefined);

/** What a reader makes of a sample: values by path. */
const signalsOf = (values: readonly ReadValue[] = []) =>
  Object.fromEntries(values.map((value) => [value.signal, valueOf(value)]));

const golden = (name: string, encoded: Uint8Array): void => {
  const file = path.join(import.meta.dirname, 'golden', `export-v1-${name}.bin`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, encoded);
  assert.equal(Buffer.from(encoded).toString('hex'), readFileSync(file).toString('hex'), name);
};

test('golden messages of version 1 are written as they were', () => {
  const samples = [
    { timeMs: startMs, signals: oneOfEach },
    { timeMs: startMs + 1000, originalMs: startMs + 900_000, signals: { [userSignal.path]: -3.5 } },
  ];
  const made = {
    telemetry: exportRecord(telemetry(samples, { seq: 12 })),
    heartbeat: exportRecord(telemetry([], { seq: 13 })),
    connection: exportRecord(connection('tokenExpired')),
  };
  for (const [name, { messages, leftOut }] of Object.entries(made)) {
    const [message, ...others] = messages;
    assert.ok(message && others.length === 0);
    assert.deepEqual(leftOut, {});
    golden(name, message.value);
  }
});

test('the schema that is published is the one that is written by', () => {
  const own = readFileSync(path.join(import.meta.dirname, 'milepost-export.proto'), 'utf8');
  assert.equal(readFileSync(publishedSchemaPath, 'utf8'), own);
});

test('a reader of the published schema gets who, when, whence and every value in its unit', () => {
  const moved = { timeMs: startMs + 1000, originalMs: startMs + 900_000, signals: { [userSignal.path]: -3.5 } };
  const record = telemetry([{ timeMs: startMs, signals: oneOfEach }, moved], { seq: 12 });
  const { reports, messages } = exportRecord(record);
  const [report] = reports;
  assert.ok(report);
  const { samples, ...head } = report;
  assert.deepEqual(head, {
    vehicleId: 'veh_42',
    deviceId: 'dev_7',
    receivedAtMs: startMs + 500,
    kind: 'KIND_TELEMETRY',
    sourcePartition: 5,
    sourceOffset: 100,
    parts: 1,
    boot: 3,
    seq: 12,
  });
  assert.deepEqual(
    samples?.map(({ values: _values, ...times }) => times),
    [{ timeMs: startMs }, { timeMs: startMs + 1000, deviceTimeMs: startMs + 900_000 }],
  );
  assert.deepEqual(signalsOf(samples?.[0]?.values), oneOfEach);
  assert.deepEqual(signalsOf(samples?.[1]?.values), { [userSignal.path]: -3.5 });
  assert.deepEqual(
    messages.map(({ key, receivedAtMs }) => ({ key, receivedAtMs })),
    [{ key: 'veh_42', receivedAtMs: startMs + 500 }],
  );
});

test('every number of the vocabulary is what the API shows, to the last bit', () => {
  const numbers = coreSignals.filter(({ kind }) => kind === 'number');
  const cases = fc.record({ signal: fc.constantFrom(...numbers), at: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(
    fc.property(cases, ({ signal, at }) => {
      const quantised = quantise(signal, signal.min + at * (signal.max - signal.min));
      assert.ok(quantised.ok);
      const { stored } = quantised;
      const { reports } = exportRecord(telemetry([{ timeMs: startMs, signals: {}, raw: { [signal.number]: stored } }]));
      assert.deepEqual(reports[0]?.samples?.[0]?.values, [{ signal: signal.path, number: present(signal, stored) }]);
    }),
  );
});

test('zero, false and nothing are values, and boot 0 is a boot', () => {
  const texts = coreSignals.filter(({ kind }) => kind === 'string' || kind === 'stringList');
  const empty = Object.fromEntries(texts.map(({ path: signal, kind }) => [signal, kind === 'string' ? '' : []]));
  const flag = coreSignals.find(({ kind }) => kind === 'boolean')?.path ?? '';
  const signals = { 'Vehicle.Speed': 0, [flag]: false, ...empty };
  const record = telemetry([{ timeMs: startMs, signals }], { seq: 0 });
  // Of the first boot of a device that counts from 0.
  new DataView(record.buffer).setUint32(12, 0, true);
  const [report] = exportRecord(record).reports;
  assert.deepEqual(signalsOf(report?.samples?.[0]?.values), signals);
  assert.deepEqual([report?.boot, report?.seq], [0, 0]);
});

test('heartbeats and connection events are told apart from telemetry; records of the server do not go out', () => {
  const heartbeat = exportRecord(telemetry([])).reports[0];
  assert.equal(heartbeat?.kind, 'KIND_HEARTBEAT');
  assert.equal(heartbeat?.samples, undefined);
  const events = (['opened', 'goodbye', 'closed', 'tokenExpired', 'revoked'] as const).map(
    (event) => exportRecord(connection(event)).reports[0]?.connectionEvent,
  );
  const names = ['OPENED', 'GOODBYE', 'CLOSED', 'TOKEN_EXPIRED', 'REVOKED'];
  assert.deepEqual(
    events,
    names.map((name) => `CONNECTION_EVENT_${name}`),
  );
  const ofServer = exportRecord(connection('serverStarted', { vehicleNo: 0, deviceNo: 0 }));
  assert.deepEqual(ofServer.reports, []);
  assert.deepEqual(ofServer.leftOut, { serverRecords: 1 });
});

test('what was imported from a file is of no device', () => {
  const samples = [{ timeMs: startMs, signals: { 'Vehicle.Speed': 50 } }];
  const { reports, leftOut } = exportRecord(telemetry(samples, { deviceNo: 0 }));
  assert.deepEqual([reports[0]?.vehicleId, reports[0]?.deviceId ?? '', leftOut], ['veh_42', '', {}]);
});

test('who is unknown is left out and counted, and so is a signal that nobody knows', () => {
  const samples = [
    { timeMs: startMs, signals: { 'Vehicle.Speed': 50 }, raw: { [unknownSignal]: 1 } },
    { timeMs: startMs + 1000, signals: { 'Vehicle.Speed': 51 } },
    { timeMs: startMs + 2000, signals: {}, raw: { [unknownSignal]: 2 } },
  ];
  assert.deepEqual(exportRecord(telemetry(samples, { vehicleNo: 5000 })).leftOut, { unknownVehicleRecords: 1 });
  assert.deepEqual(exportRecord(telemetry(samples, { deviceNo: 5000 })).leftOut, { unknownDeviceRecords: 1 });
  const { reports, leftOut } = exportRecord(telemetry(samples));
  assert.deepEqual(leftOut, { unknownSignalValues: 2 });
  assert.deepEqual(
    reports[0]?.samples?.map(({ values }) => signalsOf(values)),
    [{ 'Vehicle.Speed': 50 }, { 'Vehicle.Speed': 51 }, {}],
  );
});

test('what was erased does not go out: samples by their time, all else by when it was received', () => {
  const samples = [0, 1, 2, 3].map((i) => ({ timeMs: startMs + i * 1000, signals: { 'Vehicle.Speed': i } }));
  const isErased = (vehicleNo: number, timeMs: number): boolean => vehicleNo === 42 && timeMs < startMs + 2000;
  const { reports, leftOut } = exportRecord(telemetry(samples), { isErased });
  assert.deepEqual(
    reports[0]?.samples?.map(({ timeMs }) => timeMs),
    [startMs + 2000, startMs + 3000],
  );
  assert.deepEqual(leftOut, { erasedSamples: 2 });
  const gone = exportRecord(telemetry(samples.slice(0, 2)), { isErased });
  assert.deepEqual([gone.reports, gone.leftOut], [[], { erasedSamples: 2, erasedRecords: 1 }]);
  for (const record of [telemetry([]), connection('opened')]) {
    const { reports: none, leftOut: counted } = exportRecord(record, { isErased });
    assert.deepEqual([none, counted], [[], { erasedRecords: 1 }]);
  }
});

test('where a vehicle was in private does not go out, the rest of the sample does', () => {
  const latitude = 'Vehicle.CurrentLocation.Latitude';
  const samples = [0, 1, 2].map((i) => ({ timeMs: startMs + i * 1000, signals: { [latitude]: 48 + i, 'Vehicle.Speed': i } }));
  const hiddenPeriods = (vehicleNo: number, group: string) =>
    vehicleNo === 42 && group === 'position' ? [{ fromMs: startMs + 1000, toMs: startMs + 2000 }] : [];
  const { reports, leftOut } = exportRecord(telemetry(samples), { hiddenPeriods });
  assert.deepEqual(
    reports[0]?.samples?.map(({ values }) => signalsOf(values)),
    [{ [latitude]: 48, 'Vehicle.Speed': 0 }, { 'Vehicle.Speed': 1 }, { [latitude]: 50, 'Vehicle.Speed': 2 }],
  );
  assert.deepEqual(leftOut, { hiddenValues: 1 });
});

test('a large report becomes several messages, each within the limit, which together are the report', () => {
  const signals = { 'Vehicle.Speed': 50.5, 'Vehicle.TraveledDistance': 1_000_000 };
  const samples = Array.from({ length: 1000 }, (_, i) => ({ timeMs: startMs + i * 1000, signals }));
  const limits = { messageBytesMax: 8192 };
  const { reports, messages } = exportRecord(telemetry(samples), {}, limits);
  assert.ok(messages.length > 5);
  assert.ok(messages.every(({ value }) => value.length <= limits.messageBytesMax + 200));
  assert.deepEqual(
    reports.map(({ part = 0, parts }) => [part, parts]),
    messages.map((_, i) => [i, messages.length]),
  );
  const times = reports.flatMap((report) => (report.samples ?? []).map(({ timeMs }) => timeMs));
  assert.deepEqual(
    times,
    samples.map(({ timeMs }) => timeMs),
  );
  const single = exportRecord(telemetry(samples.slice(0, 1)), {}, { messageBytesMax: 1 });
  assert.equal(single.reports.length, 1);
});

test('what cannot be understood throws before the first message', () => {
  const version = telemetry([]);
  version[0] = 9;
  assert.throws(() => exportRecord(version), BugError);
  const body = telemetry([{ timeMs: startMs, signals: { 'Vehicle.Speed': 1 } }]).slice(0, -1);
  assert.throws(() => exportRecord(body), FormatError);
  assert.equal(vocabulary.byNumber(unknownSignal), undefined);
});

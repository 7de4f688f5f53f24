import { coreSignals, makeVocabulary, quantise, type SignalDefinition, type SignalValue } from '@milepost/contract';
import { encodePlain } from '@milepost/contract/report';
import {
  type ConnectionEventName,
  encodeConnectionEvent,
  encodeRecord,
  makeReportColumns,
  type RecordBatch,
  recordKinds,
} from '../../events/index.ts';
import { type ExportLimits, exportLimits } from '../limits.ts';
import { type ExportContext, messagesOf, nothingLeftOut } from '../read-records.ts';
import { type ReadReport, readPublished } from './read-published.ts';

/** Helpers of the tests of the export: records by the values of the API, and what is made of them. */

export const startMs = Date.UTC(2026, 10, 20, 12);

/** Two numbers that are no signals of this server: one is nobody's. */
export const userSignal: SignalDefinition = {
  number: 40_000,
  path: 'Vehicle.Private.Fridge.Temperature',
  kind: 'number',
  unit: 'Celsius',
  perUnit: 10,
  min: -60,
  max: 60,
  group: 'body',
  dataActClass: 'raw',
  label: 'Fridge',
  origin: 'user',
  sourcePriority: ['vehicle'],
};
export const unknownSignal = 50_000;
export const vocabulary = makeVocabulary(2, [userSignal]);

export interface TestSample {
  readonly timeMs: number;
  readonly originalMs?: number;
  readonly signals: Readonly<Record<string, SignalValue>>;
  /** Stored, by number. */
  readonly raw?: Readonly<Record<number, number | string>>;
}

export interface TestReport {
  readonly vehicleNo?: number;
  readonly deviceNo?: number;
  readonly receivedAt?: number;
  readonly seq?: number;
}

const storedOf = (path: string, value: SignalValue): [number, number | string] => {
  const signal = vocabulary.byPath(path);
  if (!signal) throw new Error(`${path} is no signal`);
  const quantised = quantise(signal, value);
  if (!quantised.ok) throw new Error(`${path}: ${quantised.reason}`);
  return [signal.number, quantised.stored];
};

const headerOf = (kind: 1 | 2, { vehicleNo = 42, deviceNo = 7, receivedAt = startMs + 500, seq }: TestReport) => ({
  kind,
  vehicleNo,
  deviceNo,
  boot: seq === undefined ? 0 : 3,
  seq: seq ?? 0,
  hasSequence: seq !== undefined,
  receivedAt,
  vocabularyVersion: 2,
});

export const telemetry = (samples: readonly TestSample[], report: TestReport = {}): Uint8Array => {
  const plain = samples.map(({ signals, raw, ...times }) => ({
    ...times,
    values: { ...Object.fromEntries(Object.entries(signals).map(([path, value]) => storedOf(path, value))), ...raw },
  }));
  return encodeRecord(headerOf(recordKinds.telemetry, report), encodePlain(plain));
};

export const connection = (event: ConnectionEventName, report: TestReport = {}): Uint8Array =>
  encodeRecord(headerOf(recordKinds.connection, report), encodeConnectionEvent({ event, detailMs: 0 }));

/** Records one after the other at offsets 100, 200, … of partition 5. */
export const batchOf = (records: readonly Uint8Array[]): RecordBatch => {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  let at = 0;
  for (const [i, record] of records.entries()) {
    starts[i] = at;
    bytes.set(record, at);
    at += record.length;
    ends[i] = at;
  }
  const offsets = Float64Array.from(records, (_, i) => 100 * (i + 1));
  const view = new DataView(bytes.buffer);
  return { partition: 5, count: records.length, bytes, view, starts, ends, offsets, nextOffset: 100 * (records.length + 1) };
};

export const testContext: ExportContext = {
  vehicleId: (vehicleNo) => (vehicleNo < 1000 ? `veh_${vehicleNo}` : undefined),
  deviceId: (deviceNo) => (deviceNo < 1000 ? `dev_${deviceNo}` : undefined),
  isErased: () => false,
  vocabulary: () => vocabulary,
};

export const exportRecord = (record: Uint8Array, context: Partial<ExportContext> = {}, limits: Partial<ExportLimits> = {}) => {
  const reader = {
    context: { ...testContext, ...context },
    limits: { ...exportLimits, ...limits },
    leftOut: nothingLeftOut(),
    report: makeReportColumns(),
  };
  const messages = [...messagesOf(reader, batchOf([record]), 0)];
  const reports: ReadReport[] = messages.map(({ value }) => readPublished(value));
  const leftOut = Object.fromEntries(Object.entries(reader.leftOut).filter(([, count]) => count > 0));
  return { messages, reports, leftOut };
};

/** One signal of each kind, with a value that is not a round one. */
export const oneOfEach: Readonly<Record<string, SignalValue>> = Object.fromEntries(
  (['number', 'boolean', 'enum', 'string', 'stringList'] as const).map((kind) => {
    const signal = coreSignals.find((one) => one.kind === kind);
    if (!signal) throw new Error(`the vocabulary has no ${kind}`);
    const values = {
      number: 12_345,
      boolean: true,
      enum: signal.values?.[1] ?? '',
      string: 'Ünïcode',
      stringList: ['P0301', 'U0100'],
    };
    return [signal.path, values[kind]];
  }),
);

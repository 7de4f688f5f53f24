import { coreSignal, quantise } from '@milepost/contract';
import {
  ByteWriter,
  type ConnectionEventName,
  encodeConnectionEvent,
  encodeRecord,
  type RecordBatch,
  type RecordKind,
  ReportBuilder,
  recordKinds,
} from '../events/index.ts';

export interface Sample {
  readonly time: number;
  /** By path without `Vehicle.`; numbers from 32,768 up as they are, with stored values. */
  readonly signals: Readonly<Record<string, unknown>>;
}

const builder = new ReportBuilder();

const header = (kind: RecordKind, vehicleNo: number, deviceNo: number, receivedAt: number) => ({
  kind,
  vehicleNo,
  deviceNo,
  boot: 1,
  seq: 1,
  hasSequence: true,
  receivedAt,
  vocabularyVersion: 1,
});

const storedOf = (path: string, value: unknown): readonly [number, number | string] => {
  if (/^\d+$/.test(path)) return [Number(path), value as number | string];
  const signal = coreSignal(`Vehicle.${path}`);
  const quantised = quantise(signal, value);
  if (!quantised.ok) throw new RangeError(`${path}: ${quantised.reason}`);
  return [signal.number, quantised.stored];
};

export const aReport = (vehicleNo: number, deviceNo: number, receivedAt: number, samples: readonly Sample[] = []): Uint8Array => {
  builder.reset();
  for (const sample of samples) {
    builder.addSample(sample.time);
    for (const [path, value] of Object.entries(sample.signals)) builder.addValue(...storedOf(path, value));
  }
  const out = new ByteWriter();
  builder.encode(out);
  return encodeRecord(header(recordKinds.telemetry, vehicleNo, deviceNo, receivedAt), out.toBytes());
};

export const anEvent = (
  vehicleNo: number,
  deviceNo: number,
  receivedAt: number,
  event: ConnectionEventName,
  detailMs = 0,
): Uint8Array =>
  encodeRecord(header(recordKinds.connection, vehicleNo, deviceNo, receivedAt), encodeConnectionEvent({ event, detailMs }));

/** A batch of records whose offsets are the index in a log: 10, 20, 30 … */
export const aBatch = (records: readonly Uint8Array[], firstIndex = 0): RecordBatch => {
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  let at = 0;
  for (const [i, record] of records.entries()) {
    bytes.set(record, at);
    starts[i] = at;
    at += record.length;
    ends[i] = at;
  }
  const offsets = Float64Array.from(records, (_, i) => (firstIndex + i) * 10);
  return {
    partition: 0,
    count: records.length,
    bytes,
    view: new DataView(bytes.buffer),
    starts,
    ends,
    offsets,
    nextOffset: (firstIndex + records.length) * 10,
  };
};

import { ByteWriter, encodeRecord, type RecordBatch, ReportBuilder, recordKinds } from '../events/index.ts';

/** What tests say of one report, and what the naive model reads. */
export interface TestSample {
  readonly time: number;
  readonly original?: number;
  readonly values: readonly (readonly [signalNumber: number, value: number | string])[];
}
export interface TestReport {
  readonly vehicleNo: number;
  readonly deviceNo: number;
  readonly receivedAt: number;
  /** None: a heartbeat. */
  readonly samples: readonly TestSample[];
}

const builder = new ReportBuilder();
const out = new ByteWriter();

export const encodeTestReport = (report: TestReport): Uint8Array => {
  builder.reset();
  for (const { time, original, values } of report.samples) {
    builder.addSample(time, original ?? time);
    for (const [signalNumber, value] of values) builder.addValue(signalNumber, value);
  }
  out.at = 0;
  builder.encode(out);
  const { vehicleNo, deviceNo, receivedAt } = report;
  return encodeRecord(
    { kind: recordKinds.telemetry, vehicleNo, deviceNo, boot: 1, seq: 1, hasSequence: true, receivedAt, vocabularyVersion: 1 },
    out.toBytes(),
  );
};

/** A batch as the log hands it over: record `i` of `all` has the offset 10 · i. */
export const makeBatch = (all: readonly Uint8Array[], from: number, to: number, partition = 0): RecordBatch => {
  const records = all.slice(from, to);
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, 0));
  const starts = new Int32Array(records.length);
  const ends = new Int32Array(records.length);
  const offsets = new Float64Array(records.length);
  let at = 0;
  records.forEach((record, i) => {
    bytes.set(record, at);
    starts[i] = at;
    at += record.length;
    ends[i] = at;
    offsets[i] = (from + i) * 10;
  });
  return {
    partition,
    count: records.length,
    bytes,
    view: new DataView(bytes.buffer),
    starts,
    ends,
    offsets,
    nextOffset: to * 10,
  };
};

export interface ModelQuery {
  readonly vehicleNo: number;
  readonly signals: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ModelRow {
  readonly time: number;
  readonly values: readonly (number | string | null)[];
}

interface ModelSample {
  readonly time: number;
  readonly deviceNo: number;
  readonly original: number;
  readonly values: Map<number, number | string>;
}

/** Joins samples of equal (time, device, original time): the value that came first stays. */
const joinEqual = (samples: readonly ModelSample[]): ModelSample[] => {
  const byKey = new Map<string, ModelSample>();
  for (const sample of samples) {
    const key = `${sample.time}/${sample.deviceNo}/${sample.original}`;
    const known = byKey.get(key);
    if (!known) byKey.set(key, { ...sample, values: new Map(sample.values) });
    else for (const [signal, value] of sample.values) if (!known.values.has(signal)) known.values.set(signal, value);
  }
  return [...byKey.values()];
};

/** The rule in its plainest form: of the values with one (device, signal, original time), the first in the log stays. */
export const modelRows = (reports: readonly TestReport[], query: ModelQuery): ModelRow[] => {
  const samples: ModelSample[] = [];
  const taken = new Set<string>();
  for (const { vehicleNo, deviceNo, samples: reported } of reports) {
    if (vehicleNo !== query.vehicleNo) continue;
    for (const { time, original = time, values } of reported) {
      if (time < query.fromMs || time >= query.toMs) continue;
      const kept = new Map<number, number | string>();
      for (const [signal, value] of values) {
        const key = `${deviceNo}/${signal}/${original}`;
        if (taken.has(key)) continue;
        taken.add(key);
        kept.set(signal, value);
      }
      samples.push({ time, deviceNo, original, values: kept });
    }
  }
  return joinEqual(samples)
    .sort((a, b) => a.time - b.time || a.deviceNo - b.deviceNo || a.original - b.original)
    .map(({ time, values }) => ({ time, values: query.signals.map((signal) => values.get(signal) ?? null) }))
    .filter(({ values }) => values.some((value) => value !== null));
};

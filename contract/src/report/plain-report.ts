import { ByteWriter } from './byte-writer.ts';
import { decodeReport, makeReportColumns } from './decode-report.ts';
import { ReportBuilder } from './report-builder.ts';
import { hasValue, storedValueOf } from './report.ts';

/** A report as plain values: for devices, and tests. Slower than `ReportBuilder` by itself. */
export interface PlainSample {
  readonly timeMs: number;
  /** What the device said, where the sample was moved. */
  readonly originalMs?: number;
  /** Stored values by signal number. */
  readonly values: Readonly<Record<number, number | string>>;
}

export const encodePlain = (samples: readonly PlainSample[]): Uint8Array => {
  const builder = new ReportBuilder();
  builder.reset();
  for (const { timeMs, originalMs, values } of samples) {
    builder.addSample(timeMs, originalMs);
    for (const [signalNumber, stored] of Object.entries(values)) builder.addValue(Number(signalNumber), stored);
  }
  const out = new ByteWriter(16);
  builder.encode(out);
  return out.toBytes();
};

export const decodePlain = (bytes: Uint8Array, from = 0): PlainSample[] => {
  const report = makeReportColumns();
  decodeReport(bytes, from, bytes.length, report);
  return Array.from({ length: report.sampleCount }, (_, i) => {
    const timeMs = report.times[i] as number;
    const originalMs = report.hasOriginalTimes ? (report.originalTimes[i] as number) : timeMs;
    const values: Record<number, number | string> = {};
    for (const column of report.columns.slice(0, report.columnCount))
      if (hasValue(column, i)) values[column.signalNumber] = storedValueOf(column, i);
    return { timeMs, ...(originalMs === timeMs ? {} : { originalMs }), values };
  });
};

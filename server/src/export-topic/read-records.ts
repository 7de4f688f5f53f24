import type { ConsentGroup, Vocabulary } from '@milepost/contract';
import {
  decodeConnectionEvent,
  decodeReport,
  hasValue,
  isHiddenAt,
  type ReadPeriod,
  type RecordBatch,
  readRecordHeader,
  recordHeaderBytes,
  recordKinds,
  type ReportColumn,
  type ReportColumns,
} from '../events/index.ts';
import type { ExportLimits } from './limits.ts';
import type { ExportMessage } from './ports.ts';
import {
  encodeConnection,
  encodeHeartbeat,
  encodeTelemetry,
  estimateSampleBytes,
  type KnownColumns,
  type MessageHead,
} from './report-message.ts';

/** What the records of the log are to be read with. */
export interface ExportContext {
  /** The opaque id; undefined: nobody knows that number. */
  readonly vehicleId: (vehicleNo: number) => string | undefined;
  readonly deviceId: (deviceNo: number) => string | undefined;
  /** By sample time; heartbeats and events of connections by when they were received. */
  readonly isErased: (vehicleNo: number, timeMs: number) => boolean;
  /** Periods in which values of a group are nobody's but a driver's. Undefined: of none. */
  readonly hiddenPeriods?: (vehicleNo: number, group: ConsentGroup) => readonly ReadPeriod[];
  readonly vocabulary: () => Vocabulary;
}

/** What does not go out, since the start: records, then samples, then values. */
export interface LeftOut {
  /** About the server itself, of no vehicle. */
  serverRecords: number;
  unknownVehicleRecords: number;
  unknownDeviceRecords: number;
  /** Nothing of them was left. */
  erasedRecords: number;
  /** Of a version or with bytes that this server does not understand. */
  unreadableRecords: number;
  erasedSamples: number;
  unknownSignalValues: number;
  /** Of private periods. */
  hiddenValues: number;
}

export const nothingLeftOut = (): LeftOut => ({
  serverRecords: 0,
  unknownVehicleRecords: 0,
  unknownDeviceRecords: 0,
  erasedRecords: 0,
  unreadableRecords: 0,
  erasedSamples: 0,
  unknownSignalValues: 0,
  hiddenValues: 0,
});

export interface RecordReader {
  readonly context: ExportContext;
  readonly limits: ExportLimits;
  readonly leftOut: LeftOut;
  /** Reused from record to record. */
  readonly report: ReportColumns;
}

/** Samples that go out, in groups that each fit into a message. */
const partsOf = (samples: readonly number[], known: KnownColumns, bytesMax: number): number[][] => {
  const parts: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const sampleBytes = estimateSampleBytes(known, sample);
    if (bytes + sampleBytes > bytesMax) {
      parts.push([]);
      bytes = 0;
    }
    bytes += sampleBytes;
    parts.at(-1)?.push(sample);
  }
  return parts;
};

const knownColumns = ({ context, leftOut, report }: RecordReader): KnownColumns => {
  const vocabulary = context.vocabulary();
  return report.columns.slice(0, report.columnCount).flatMap((column) => {
    const signal = vocabulary.byNumber(column.signalNumber);
    if (signal) return [{ signal, column }];
    const { present } = column;
    leftOut.unknownSignalValues += column.hasPresence
      ? present.subarray(0, report.sampleCount).reduce((sum, one) => sum + one, 0)
      : report.sampleCount;
    return [];
  });
};

const keptSamples = ({ context, leftOut, report }: RecordReader, vehicleNo: number): number[] => {
  const kept: number[] = [];
  for (let i = 0; i < report.sampleCount; i++) if (!context.isErased(vehicleNo, report.times[i] as number)) kept.push(i);
  leftOut.erasedSamples += report.sampleCount - kept.length;
  return kept;
};

/** Takes values of private periods out of a column, as if the device had not said them. */
const hide = ({ report, leftOut }: RecordReader, column: ReportColumn, periods: readonly ReadPeriod[]): void => {
  for (let i = 0; i < report.sampleCount; i++) {
    const isThere = hasValue(column, i);
    const isHidden = isThere && isHiddenAt(periods, report.times[i] as number);
    if (isHidden) leftOut.hiddenValues++;
    column.present[i] = isThere && !isHidden ? 1 : 0;
  }
  column.hasPresence = true;
};

const hidePrivate = (reader: RecordReader, vehicleNo: number, known: KnownColumns): void => {
  const { hiddenPeriods } = reader.context;
  if (!hiddenPeriods) return;
  for (const { signal, column } of known) {
    const periods = hiddenPeriods(vehicleNo, signal.group);
    if (periods.length > 0) hide(reader, column, periods);
  }
};

function* telemetryOf(reader: RecordReader, head: MessageHead): Generator<Uint8Array> {
  const { report, limits, leftOut } = reader;
  const { header } = head;
  if (report.sampleCount === 0) {
    if (reader.context.isErased(header.vehicleNo, header.receivedAt)) leftOut.erasedRecords++;
    else yield encodeHeartbeat(head);
    return;
  }
  const samples = keptSamples(reader, header.vehicleNo);
  if (samples.length === 0) leftOut.erasedRecords++;
  const known = knownColumns(reader);
  hidePrivate(reader, header.vehicleNo, known);
  const parts = partsOf(samples, known, limits.messageBytesMax);
  for (const [part, chosen] of parts.entries()) yield encodeTelemetry(head, { part, parts: parts.length }, report, known, chosen);
}

/** Empty: no device, as of what was imported from a file. */
export const deviceIdOf = ({ deviceId }: ExportContext, deviceNo: number): string | undefined =>
  deviceNo === 0 ? '' : deviceId(deviceNo);

/** Who a record is about, or undefined and counted. */
const headOf = ({ context, leftOut }: RecordReader, batch: RecordBatch, i: number): MessageHead | undefined => {
  const header = readRecordHeader(batch.view, batch.starts[i] as number);
  if (header.vehicleNo === 0) {
    leftOut.serverRecords++;
    return undefined;
  }
  const vehicleId = context.vehicleId(header.vehicleNo);
  const deviceId = deviceIdOf(context, header.deviceNo);
  if (vehicleId === undefined) leftOut.unknownVehicleRecords++;
  else if (deviceId === undefined) leftOut.unknownDeviceRecords++;
  if (vehicleId === undefined || deviceId === undefined) return undefined;
  return { vehicleId, deviceId, header, partition: batch.partition, offset: batch.offsets[i] as number };
};

/**
 * The messages of one record, one after the other: what a large report becomes is never in memory as a whole. Throws on what cannot
 * be understood, before the first message.
 */
export function* messagesOf(reader: RecordReader, batch: RecordBatch, i: number): Generator<ExportMessage> {
  const head = headOf(reader, batch, i);
  if (!head) return;
  const { header } = head;
  const bodyAt = (batch.starts[i] as number) + recordHeaderBytes;
  const made = (value: Uint8Array): ExportMessage => ({ key: head.vehicleId, value, receivedAtMs: header.receivedAt });
  if (header.kind === recordKinds.telemetry) {
    decodeReport(batch.bytes, bodyAt, batch.ends[i] as number, reader.report);
    for (const value of telemetryOf(reader, head)) yield made(value);
    return;
  }
  const value = encodeConnection(head, decodeConnectionEvent(batch.view, bodyAt).event);
  if (value === undefined) reader.leftOut.serverRecords++;
  else if (reader.context.isErased(header.vehicleNo, header.receivedAt)) reader.leftOut.erasedRecords++;
  else yield made(value);
}

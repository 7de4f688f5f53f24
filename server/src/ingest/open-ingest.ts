import type { Vocabulary } from '@milepost/contract';
import type { AppendListener, EventLog, LogRefusal } from '../eventlog/index.ts';
import {
  ByteWriter,
  type ConnectionEventName,
  decodeReport,
  encodeConnectionEvent,
  encodeColumns,
  encodeRecord,
  FormatError,
  makeReportColumns,
  type RecordHeader,
  ReportBuilder,
  type ReportColumn,
  type ReportColumns,
  recordHeaderBytes,
  recordKinds,
  writeRecordHeader,
} from '../events/index.ts';
import { CallerError, type Clock } from '../kernel/index.ts';
import { BinaryReport } from '../protocols/index.ts';
import type { Device, Directory, Retention } from '../registry/index.ts';
import { checkColumns, cleanVehicle } from './check-columns.ts';
import { checkSample, type SampleContext, SignalFinder } from './check-sample.ts';
import { JoinedListener } from './joined-listener.ts';
import { ingestLimits } from './limits.ts';
import { NewestTimes } from './newest-times.ts';
import { asSamples, makePlacement, placeColumns, placeSamples, vehicleAt } from './place-samples.ts';
import { readSequence } from './read-sequence.ts';
import { ReportScanner } from './report-scanner.ts';
import { ScannedReport } from './scanned-report.ts';
import type { Ingest, IngestStatistics, PriorValues, Report, Submission } from './types.ts';
import { VerdictBuilder } from './verdict.ts';

export type IngestRetention = Pick<Retention, 'standard' | 'ruleOf' | 'keptFromMs'>;

export interface IngestOptions {
  readonly log: EventLog;
  readonly directory: Directory;
  readonly vocabulary: Vocabulary;
  readonly prior: PriorValues;
  readonly clock: Clock;
  /** What is older than this says of its vehicle and group is `too_old`. */
  readonly retention: IngestRetention;
}

/** The samples of a report: a list of JSON values, or the decoded columns. */
type Samples = readonly unknown[] | ReportColumns;

const isList = (samples: Samples): samples is readonly unknown[] => Array.isArray(samples);
const countOf = (samples: Samples): number => (isList(samples) ? samples.length : samples.sampleCount);

const valueCountOf = ({ columns, columnCount, sampleCount }: ReportColumns): number => {
  let values = 0;
  for (let c = 0; c < columnCount; c++) {
    const { hasPresence, present } = columns[c] as ReportColumn;
    if (!hasPresence) values += sampleCount;
    else for (let i = 0; i < sampleCount; i++) values += present[i] as number;
  }
  return values;
};

const samplesOf = (report: Exclude<Report, BinaryReport>): readonly unknown[] =>
  asSamples(report instanceof ScannedReport ? report.parse() : report.samples);

const unheard: AppendListener = { appended: () => {}, appendFailed: () => {} };

class LogIngest implements Ingest {
  readonly #options: IngestOptions;
  readonly #builder = new ReportBuilder();
  readonly #writer = new ByteWriter(4096);
  readonly #columns: ReportColumns;
  readonly #placement = makePlacement();
  readonly #verdict = new VerdictBuilder();
  readonly #newest = new NewestTimes();
  readonly #finder: SignalFinder;
  readonly #scanner: ReportScanner;
  /** Whose columns the scanner has. */
  #scanned: ScannedReport | undefined;
  /** Where each record of the report ends in `#writer`: the log copies what it takes. */
  readonly #recordEnds: number[] = [];
  #reports = 0;
  #samples = 0;
  #values = 0;
  #heartbeats = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#finder = new SignalFinder(options.vocabulary);
    this.#scanner = new ReportScanner(options.vocabulary);
    this.#columns = makeReportColumns(options.vocabulary.signals.length + ingestLimits.unknownSignalsMax);
  }

  scan(text: Uint8Array, isLines: boolean): ScannedReport | undefined {
    const scanner = this.#scanner;
    const isGood = isLines ? scanner.scanLines(text) : scanner.scanReport(text);
    this.#scanned = isGood ? new ScannedReport(text, isLines, scanner.sampleCount, scanner.boot, scanner.seq) : undefined;
    return this.#scanned;
  }

  submit(device: Device, report: Report, listener: AppendListener, token: number): Submission {
    const { log, clock, directory } = this.#options;
    const refused = log.refusal();
    if (refused) return { refused };
    const sequence = readSequence(report);
    const columns = this.#columnsOf(report);
    const receivedAt = clock.now();
    const current = directory.deviceByNo(device.deviceNo) ?? device;
    this.#verdict.reset();
    this.#recordEnds.length = 0;
    this.#writer.at = 0;
    const header: RecordHeader = {
      kind: recordKinds.telemetry,
      vehicleNo: 0,
      deviceNo: current.deviceNo,
      boot: sequence?.boot ?? 0,
      seq: sequence?.seq ?? 0,
      hasSequence: sequence !== undefined,
      receivedAt,
      vocabularyVersion: this.#options.vocabulary.version,
    };
    let stored = columns ? this.#recordAsItIs(report, columns, current, header) : 0;
    if (stored === 0) {
      const samples = columns && report instanceof BinaryReport ? columns : samplesOf(report);
      stored = this.#recordSamples(samples, current, header);
      if (this.#recordEnds.length === 0) this.#recordHeartbeat(current, header, countOf(samples) === 0);
    }
    const failed = this.#append(listener, token);
    if (failed) return { refused: failed };
    this.#reports++;
    return { verdict: this.#verdict.build(stored, this.#recordEnds.length > 0) };
  }

  noteConnection(device: Device, event: ConnectionEventName): void {
    const { log, clock, directory, vocabulary } = this.#options;
    const receivedAt = clock.now();
    const vehicleNo = vehicleAt((directory.deviceByNo(device.deviceNo) ?? device).assignments, receivedAt);
    if (vehicleNo === 0) return;
    const header: RecordHeader = {
      kind: recordKinds.connection,
      vehicleNo,
      deviceNo: device.deviceNo,
      boot: 0,
      seq: 0,
      hasSequence: false,
      receivedAt,
      vocabularyVersion: vocabulary.version,
    };
    log.append(encodeRecord(header, encodeConnectionEvent({ event, detailMs: 0 })), unheard, 0);
  }

  statistics(): IngestStatistics {
    return {
      reports: this.#reports,
      samples: this.#samples,
      values: this.#values,
      heartbeats: this.#heartbeats,
      adjusted: this.#verdict.adjustedCount,
      rejected: this.#verdict.counts,
    };
  }

  /** Undefined: the report is a list of JSON values. */
  #columnsOf(report: Report): ReportColumns | undefined {
    if (report instanceof BinaryReport) return this.#decode(report);
    if (!(report instanceof ScannedReport)) return undefined;
    // It waited while others came.
    if (report !== this.#scanned) this.scan(report.text, report.isLines);
    return this.#scanner.columns();
  }

  #decode({ bytes }: BinaryReport): ReportColumns {
    try {
      decodeReport(bytes, 0, bytes.length, this.#columns);
    } catch (error) {
      if (error instanceof FormatError) throw new CallerError('bad_request', `the report cannot be read: ${error.message}`);
      throw error;
    }
    if (this.#columns.hasOriginalTimes)
      throw new CallerError('bad_request', 'the report has original times, expected none: only the server moves samples');
    return this.#columns;
  }

  /** A report without any flaw is its own record. Answers the samples stored; 0: it has to be looked at closely. */
  #recordAsItIs(report: Report, columns: ReportColumns, device: Device, header: RecordHeader): number {
    const { retention, vocabulary } = this.#options;
    const { deviceNo, receivedAt } = header;
    const isChecked = report instanceof ScannedReport;
    const context = { device, receivedAt, retention, vocabulary, newestMs: this.#newest.get(deviceNo), isChecked };
    const vehicleNo = cleanVehicle(columns, context);
    if (vehicleNo === 0) return 0;
    for (let i = 0; i < columns.sampleCount; i++) this.#newest.raise(deviceNo, columns.times[i] as number);
    const writer = this.#beginRecord({ ...header, vehicleNo });
    if (report instanceof BinaryReport) writer.append(report.bytes);
    else encodeColumns(writer, columns);
    this.#recordEnds.push(writer.at);
    this.#samples += columns.sampleCount;
    this.#values += valueCountOf(columns);
    return columns.sampleCount;
  }

  /** One record for each vehicle that the samples belong to: nearly always one. Answers the samples stored. */
  #recordSamples(samples: Samples, device: Device, header: RecordHeader): number {
    const context = { device, receivedAt: header.receivedAt, retention: this.#options.retention };
    if (isList(samples)) placeSamples(samples, context, this.#placement, this.#verdict);
    else placeColumns(samples, context, this.#placement, this.#verdict);
    const { vehicleNos, count } = this.#placement;
    let stored = 0;
    for (let first = 0; first < count; first++) {
      const vehicleNo = vehicleNos[first] as number;
      if (vehicleNo !== 0) stored += this.#recordVehicle(samples, first, { ...header, vehicleNo });
    }
    return stored;
  }

  /** Takes all samples of one vehicle, from its first on, and marks them as taken. */
  #recordVehicle(samples: Samples, first: number, header: RecordHeader): number {
    const { vehicleNos, storedMs, originalMs, count } = this.#placement;
    const builder = this.#builder;
    builder.reset();
    for (let i = first; i < count; i++) {
      if (vehicleNos[i] !== header.vehicleNo) continue;
      vehicleNos[i] = 0;
      const timeMs = storedMs[i] as number;
      const identityMs = originalMs[i] as number;
      const storedBefore = this.#storedBefore(header.vehicleNo, header.deviceNo, identityMs);
      const keptFromMs = this.#keptFromMs(header, timeMs);
      const context = { finder: this.#finder, keptFromMs, storedBefore };
      if (isList(samples)) checkSample(i, samples[i], timeMs, identityMs, context, builder, this.#verdict);
      else checkColumns(i, samples, timeMs, identityMs, context, builder, this.#verdict);
      this.#newest.raise(header.deviceNo, identityMs);
    }
    if (builder.sampleCount === 0) return 0;
    this.#record(header);
    this.#samples += builder.sampleCount;
    this.#values += builder.cellCount;
    return builder.sampleCount;
  }

  /** Undefined: every group of the vehicle is kept for longer than the sample is old. */
  #keptFromMs({ vehicleNo, receivedAt }: RecordHeader, timeMs: number): SampleContext['keptFromMs'] {
    const { retention } = this.#options;
    if (timeMs >= receivedAt - retention.ruleOf(vehicleNo).shortestMs) return undefined;
    return (group) => retention.keptFromMs(vehicleNo, group, receivedAt);
  }

  #storedBefore(
    vehicleNo: number,
    deviceNo: number,
    timeMs: number,
  ): ((signalNumber: number) => number | string | undefined) | undefined {
    const newestMs = this.#newest.get(deviceNo);
    if (newestMs !== Number.NEGATIVE_INFINITY && timeMs > newestMs) return undefined;
    return (signalNumber) => this.#options.prior.find(vehicleNo, deviceNo, signalNumber, timeMs);
  }

  /** A device that spoke was there, even when nothing of what it said could be stored. */
  #recordHeartbeat(device: Device, header: RecordHeader, isIntended: boolean): void {
    const vehicleNo = vehicleAt(device.assignments, header.receivedAt);
    if (vehicleNo === 0) {
      if (isIntended) this.#verdict.rejectReport('not_assigned');
      return;
    }
    this.#builder.reset();
    this.#record({ ...header, vehicleNo });
    if (isIntended) this.#heartbeats++;
  }

  #record(header: RecordHeader): void {
    const writer = this.#beginRecord(header);
    this.#builder.encode(writer);
    this.#recordEnds.push(writer.at);
  }

  #beginRecord(header: RecordHeader): ByteWriter {
    const writer = this.#writer;
    writer.reserve(recordHeaderBytes);
    writeRecordHeader(writer.view, writer.at, header);
    writer.at += recordHeaderBytes;
    return writer;
  }

  #append(listener: AppendListener, token: number): LogRefusal | undefined {
    const ends = this.#recordEnds;
    const { bytes } = this.#writer;
    const { log } = this.#options;
    if (ends.length === 1) return log.append(bytes.subarray(0, ends[0]), listener, token);
    const joined = new JoinedListener(listener, ends.length);
    let start = 0;
    for (const end of ends) {
      const refused = log.append(bytes.subarray(start, end), joined, token);
      start = end;
      if (!refused) continue;
      joined.cancel();
      return refused;
    }
    return undefined;
  }
}

export const openIngest = (options: IngestOptions): Ingest => new LogIngest(options);

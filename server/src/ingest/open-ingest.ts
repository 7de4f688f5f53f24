import type { Vocabulary } from '@milepost/contract';
import type { AppendListener, EventLog, LogRefusal } from '../eventlog/index.ts';
import {
  ByteWriter,
  type ConnectionEventName,
  encodeConnectionEvent,
  encodeRecord,
  type RecordHeader,
  ReportBuilder,
  recordHeaderBytes,
  recordKinds,
  writeRecordHeader,
} from '../events/index.ts';
import type { Clock } from '../kernel/index.ts';
import type { Device, Directory } from '../registry/index.ts';
import { checkSample } from './check-sample.ts';
import { JoinedListener } from './joined-listener.ts';
import { NewestTimes } from './newest-times.ts';
import { asSamples, makePlacement, placeSamples, vehicleAt } from './place-samples.ts';
import { readSequence } from './read-sequence.ts';
import type { Ingest, IngestStatistics, JsonReport, PriorValues, Submission } from './types.ts';
import { VerdictBuilder } from './verdict.ts';

export interface IngestOptions {
  readonly log: EventLog;
  readonly directory: Directory;
  readonly vocabulary: Vocabulary;
  readonly prior: PriorValues;
  readonly clock: Clock;
  /** Samples older than this are `too_old`. */
  readonly retentionMs: number;
}

const unheard: AppendListener = { appended: () => {}, appendFailed: () => {} };

class LogIngest implements Ingest {
  readonly #options: IngestOptions;
  readonly #builder = new ReportBuilder();
  readonly #writer = new ByteWriter(4096);
  readonly #placement = makePlacement();
  readonly #verdict = new VerdictBuilder();
  readonly #newest = new NewestTimes();
  readonly #records: Uint8Array[] = [];
  #reports = 0;
  #samples = 0;
  #values = 0;
  #heartbeats = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  submit(device: Device, report: JsonReport, listener: AppendListener, token: number): Submission {
    const { log, clock, directory, retentionMs } = this.#options;
    const refused = log.refusal();
    if (refused) return { refused };
    const sequence = readSequence(report);
    const samples = asSamples(report.samples);
    const receivedAt = clock.now();
    const current = directory.deviceByNo(device.deviceNo) ?? device;
    this.#verdict.reset();
    this.#records.length = 0;
    placeSamples(samples, { device: current, receivedAt, retentionMs }, this.#placement, this.#verdict);
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
    const stored = this.#recordSamples(samples, header);
    if (this.#records.length === 0) this.#recordHeartbeat(current, header, samples.length === 0);
    const failed = this.#append(listener, token);
    if (failed) return { refused: failed };
    this.#reports++;
    return { verdict: this.#verdict.build(stored, this.#records.length > 0) };
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

  /** One record for each vehicle that the samples belong to: nearly always one. Answers the samples stored. */
  #recordSamples(samples: readonly unknown[], header: RecordHeader): number {
    const { vehicleNos } = this.#placement;
    let stored = 0;
    for (let first = 0; first < samples.length; first++) {
      const vehicleNo = vehicleNos[first] as number;
      if (vehicleNo !== 0) stored += this.#recordVehicle(samples, first, { ...header, vehicleNo });
    }
    return stored;
  }

  /** Takes all samples of one vehicle, from its first on, and marks them as taken. */
  #recordVehicle(samples: readonly unknown[], first: number, header: RecordHeader): number {
    const { vehicleNos, storedMs, originalMs } = this.#placement;
    const builder = this.#builder;
    builder.reset();
    for (let i = first; i < samples.length; i++) {
      if (vehicleNos[i] !== header.vehicleNo) continue;
      vehicleNos[i] = 0;
      const identityMs = originalMs[i] as number;
      const storedBefore = this.#storedBefore(header.vehicleNo, header.deviceNo, identityMs);
      const context = { vocabulary: this.#options.vocabulary, storedBefore };
      checkSample(i, samples[i], storedMs[i] as number, identityMs, context, builder, this.#verdict);
      this.#newest.raise(header.deviceNo, identityMs);
    }
    if (builder.sampleCount === 0) return 0;
    this.#record(header);
    this.#samples += builder.sampleCount;
    this.#values += builder.cellCount;
    return builder.sampleCount;
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
    const writer = this.#writer;
    writer.at = 0;
    writer.reserve(recordHeaderBytes);
    writeRecordHeader(writer.view, 0, header);
    writer.at = recordHeaderBytes;
    this.#builder.encode(writer);
    this.#records.push(writer.toBytes());
  }

  #append(listener: AppendListener, token: number): LogRefusal | undefined {
    const records = this.#records;
    const { log } = this.#options;
    if (records.length === 1) return log.append(records[0] as Uint8Array, listener, token);
    const joined = new JoinedListener(listener, records.length);
    for (const record of records) {
      const refused = log.append(record, joined, token);
      if (!refused) continue;
      joined.cancel();
      return refused;
    }
    return undefined;
  }
}

export const openIngest = (options: IngestOptions): Ingest => new LogIngest(options);

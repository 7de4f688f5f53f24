import {
  decodeConnectionEvent,
  type DeadLetter,
  decodeReport,
  isPoison,
  isVehicleNo,
  makeReportColumns,
  makeSingleSample,
  readSingle,
  type RecordBatch,
  recordFields,
  recordHeaderBytes,
  recordKinds,
  recordVersion,
} from '../events/index.ts';
import type { LogPosition } from '../eventlog/index.ts';
import { BugError, OperationalError } from '../kernel/index.ts';
import type { LatestTable } from './latest-table.ts';
import type { StatusTracker } from './status-tracker.ts';

export interface ApplyContext {
  readonly latest: Pick<LatestTable, 'apply' | 'applySingle'>;
  readonly tracker: StatusTracker;
  /** A record that cannot be applied. */
  deadLetter(letter: Omit<DeadLetter, 'reader'>): void;
  /** Stored values changed: the interest bits of their signals. */
  touched(vehicleNo: number, bits: number): void;
  /** A report or heartbeat was applied. */
  heard(vehicleNo: number, receivedAt: number): void;
}

/** Applies log records in order, each once: records below the offset reached are passed over. */
export class RecordApplier {
  readonly #context: ApplyContext;
  readonly #columns = makeReportColumns();
  readonly #single = makeSingleSample();
  /** By physical partition of the log: where the next record is expected. Empty: nothing was applied yet. */
  readonly positions = new Map<number, number>();
  unreadableRecords = 0;

  constructor(context: ApplyContext) {
    this.#context = context;
  }

  startAt({ partition, offset }: LogPosition): void {
    this.positions.set(partition, offset);
  }

  apply(batch: RecordBatch): void {
    const reached = this.positions.get(batch.partition) ?? -1;
    for (let i = 0; i < batch.count; i++) {
      if ((batch.offsets[i] as number) < reached) continue;
      try {
        this.#applyRecord(batch, batch.starts[i] as number, batch.ends[i] as number);
      } catch (error) {
        this.#putAside(batch, i, error);
      }
    }
    if (batch.nextOffset > reached) this.positions.set(batch.partition, batch.nextOffset);
  }

  #applyRecord(batch: RecordBatch, start: number, end: number): void {
    const { view } = batch;
    const version = recordFields.version(view, start);
    if (version > recordVersion)
      throw new OperationalError(
        'unavailable',
        `the log has a record of version ${version}; this program reads version ${recordVersion}: it is older than its data`,
      );
    if (version !== recordVersion) throw new BugError(`log record has version ${version}, expected ${recordVersion}`);
    const vehicleNo = recordFields.vehicleNo(view, start);
    const receivedAt = recordFields.receivedAt(view, start);
    if (vehicleNo !== 0 && !isVehicleNo(vehicleNo)) throw new BugError(`vehicle number ${vehicleNo} is out of range`);
    const kind = recordFields.kind(view, start);
    if (kind === recordKinds.telemetry) this.#applyReport(batch, start, end, vehicleNo, receivedAt);
    else if (kind === recordKinds.connection) this.#applyConnection(view, start, vehicleNo, receivedAt);
    else throw new BugError(`record kind ${kind} is unknown`);
  }

  #applyReport(batch: RecordBatch, start: number, end: number, vehicleNo: number, receivedAt: number): void {
    const { latest, tracker } = this.#context;
    const columns = this.#columns;
    const single = this.#single;
    const isSingle = readSingle(batch.bytes, start + recordHeaderBytes, end, single);
    if (!isSingle) decodeReport(batch.bytes, start + recordHeaderBytes, end, columns, batch.view);
    const deviceNo = recordFields.deviceNo(batch.view, start);
    // One that is in the log once more was received long ago, and what was imported comes from a file: nobody was heard now.
    if (!recordFields.isRetried(batch.view, start)) {
      tracker.recordAt(receivedAt);
      // Settles the vehicle's own deadlines first, so that they see the battery as it was before this report.
      if (!recordFields.isImported(batch.view, start)) tracker.heard(vehicleNo, deviceNo, receivedAt);
    }
    const bits = isSingle
      ? latest.applySingle(single, vehicleNo, deviceNo, receivedAt)
      : latest.apply(columns, vehicleNo, deviceNo, receivedAt);
    if (bits !== 0) this.#context.touched(vehicleNo, bits);
    this.#context.heard(vehicleNo, receivedAt);
  }

  #applyConnection(view: DataView, start: number, vehicleNo: number, receivedAt: number): void {
    const { tracker } = this.#context;
    const { event, detailMs } = decodeConnectionEvent(view, start + recordHeaderBytes);
    if (vehicleNo === 0 && event === 'clockStepped') {
      tracker.clockStepped(detailMs, receivedAt);
      return;
    }
    if (vehicleNo === 0 && event === 'serverStarted') tracker.serverStarted(detailMs, receivedAt);
    tracker.recordAt(receivedAt);
    if (vehicleNo !== 0) tracker.connectionEvent(vehicleNo, recordFields.deviceNo(view, start), event, receivedAt);
  }

  /** One record must not keep all vehicles from being shown; the log's own check makes it nearly impossible. */
  #putAside(batch: RecordBatch, i: number, error: unknown): void {
    if (!isPoison(error)) throw error;
    this.unreadableRecords++;
    const record = batch.bytes.slice(batch.starts[i], batch.ends[i]);
    this.#context.deadLetter({ partition: batch.partition, offset: batch.offsets[i] as number, record, error });
  }
}

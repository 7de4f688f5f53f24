import type { RejectionReason } from '@milepost/contract';
import type { ConnectionEventName } from '../events/index.ts';
import type { AppendListener, LogRefusal } from '../eventlog/index.ts';
import type { BinaryReport } from '../protocols/index.ts';
import type { Device } from '../registry/index.ts';
import type { ScannedReport } from './scanned-report.ts';

/** One value, sample or report that was not stored, and why. Without `signal` the whole sample, without `sample` the whole report. */
export interface Rejection {
  readonly sample?: number;
  readonly signal?: string;
  readonly value?: unknown;
  readonly reason: RejectionReason;
}

/** A sample that was stored at another time than the device said, because its clock was ahead. */
export interface Adjustment {
  readonly sample: number;
  /** ISO 8601: what the device said. */
  readonly time: string;
  readonly storedAs: string;
}

/** What became of a report, known before it is durable; it is told to the device only after. */
export interface Verdict {
  /** Samples of which at least one value is stored. */
  readonly stored: number;
  /** False: nothing was appended, the listener is not called and the report may be answered at once. */
  readonly isPending: boolean;
  readonly rejected: readonly Rejection[];
  /** Rejections beyond those listed. */
  readonly rejectedMore: number;
  readonly adjusted: readonly Adjustment[];
}

/** A report as JSON has it, before anything was checked. */
export interface JsonReport {
  readonly boot?: unknown;
  readonly seq?: unknown;
  readonly samples?: unknown;
}

/** A report as it came, in any form. */
export type Report = JsonReport | BinaryReport | ScannedReport;

/** boot and seq of a report that names them. */
export interface ReportSequence {
  readonly boot: number;
  readonly seq: number;
}

/** Looks up what is stored already; undefined when nothing is known, which is no proof that nothing is stored. */
export interface PriorValues {
  find(vehicleNo: number, deviceNo: number, signalNumber: number, timeMs: number): number | string | undefined;
}

export type Submission = { readonly refused: LogRefusal } | { readonly refused?: undefined; readonly verdict: Verdict };

export interface IngestStatistics {
  readonly reports: number;
  readonly samples: number;
  readonly values: number;
  readonly heartbeats: number;
  readonly adjusted: number;
  readonly rejected: Readonly<Record<RejectionReason, number>>;
}

/** Checks reports, quantises their values and appends them to the log. */
export interface Ingest {
  /** Reads a report, or lines of NDJSON; undefined: it has to be parsed to say what is in it. What was read is submitted fastest before the next one is. */
  scan(text: Uint8Array, isLines: boolean): ScannedReport | undefined;
  /**
   * Throws CallerError when the report has no readable shape (nothing is stored). Otherwise appends and answers the verdict; the
   * listener hears once, when all of it is durable (or failed). `refused`: the report must be submitted again later; the listener is not called.
   */
  submit(device: Device, report: Report, listener: AppendListener, token: number): Submission;
  /** Notes something about the connection of a device; nobody waits for it. */
  noteConnection(device: Device, event: ConnectionEventName): void;
  statistics(): IngestStatistics;
}

import type { ConsentGroup, SignalDefinition, Vocabulary } from '@milepost/contract';
import type { TimePrecision } from '@milepost/contract/api';
import {
  decodeReport,
  FormatError,
  hasValue,
  isHiddenNow,
  isWithin,
  type ItemPermission,
  makeReportColumns,
  type ReadScope,
  type RecordBatch,
  recordFields,
  recordHeaderBytes,
  recordKinds,
  type ReportColumn,
  signalPermission,
  storedValueOf,
  tellStored,
  toldAtMs,
} from '../events/index.ts';
import type { Told } from '../sharing/index.ts';

/** Samples that are still there: not erased, not older than they are kept. */
export interface Kept {
  isErased(vehicleNo: number, timeMs: number): boolean;
  keptFromMs(vehicleNo: number, group: ConsentGroup, nowMs: number): number;
}

export interface TellParts {
  readonly vocabulary: () => Pick<Vocabulary, 'byNumber'>;
  readonly kept: Kept;
}

export type PeriodPrecision = Exclude<TimePrecision, 'report'>;

/** What a report says to somebody. */
export interface ToldReport {
  /** Of what is told of each report the newest value of each signal. */
  readonly told: readonly Told[];
  /** Ends of periods, ms, of which something else may be told now, by how long they are: of what is told of periods. */
  readonly periods: ReadonlyMap<PeriodPrecision, ReadonlySet<number>>;
}

const report = makeReportColumns();

/** Decodes the report of a record, to be told before the next one is; false: it is none that is told (an event of a connection, an import). */
export const openReport = ({ bytes, view, starts, ends }: RecordBatch, i: number): boolean => {
  const from = starts[i] as number;
  if (recordFields.kind(view, from) !== recordKinds.telemetry || recordFields.isImported(view, from)) return false;
  try {
    decodeReport(bytes, from + recordHeaderBytes, ends[i] as number, report, view);
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
  return report.sampleCount > 0;
};

const isTold = ({ periods, hidden }: ItemPermission, timeMs: number): boolean =>
  isWithin(periods, timeMs) && !isHiddenNow(hidden, timeMs);

/** What of the opened report a scope tells. */
export const tellReport = ({ vocabulary, kept }: TellParts, scope: ReadScope, vehicleNo: number, nowMs: number): ToldReport => {
  const told: Told[] = [];
  const periods = new Map<PeriodPrecision, Set<number>>();
  const tellColumn = (column: ReportColumn, { number, group }: SignalDefinition, permission: ItemPermission): void => {
    const { precision } = permission;
    const fromMs = kept.keptFromMs(vehicleNo, group, nowMs);
    let newest = -1;
    for (let sample = 0; sample < report.sampleCount; sample++) {
      const timeMs = report.times[sample] as number;
      if (!hasValue(column, sample) || timeMs < fromMs || !isTold(permission, timeMs) || kept.isErased(vehicleNo, timeMs))
        continue;
      if (precision.time !== 'report') {
        const ends = periods.get(precision.time) ?? new Set();
        periods.set(precision.time, ends.add(toldAtMs(timeMs, precision.time)));
      } else if (newest < 0 || timeMs >= (report.times[newest] as number)) newest = sample;
    }
    if (newest < 0) return;
    const stored = storedValueOf(column, newest);
    const shown = typeof stored === 'number' ? tellStored(stored, number, precision) : stored;
    told.push({ signalNumber: number, stored: shown, timeMs: report.times[newest] as number, precision });
  };
  for (let c = 0; c < report.columnCount; c++) {
    const column = report.columns[c] as ReportColumn;
    const signal = vocabulary().byNumber(column.signalNumber);
    const permission = signal && signalPermission(scope, vehicleNo, signal.number, signal.group);
    if (permission) tellColumn(column, signal, permission);
  }
  return { told, periods };
};

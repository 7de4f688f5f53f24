import { present, type SignalDefinition, type Vocabulary } from '@milepost/contract';
import type { ReportView } from '@milepost/contract/api';
import {
  decodeConnectionEvent,
  decodeReport,
  hasValue,
  isExactly,
  isHiddenAt,
  isWithin,
  makeReportColumns,
  type ReadScope,
  readRecordHeader,
  type RecordHeader,
  recordHeaderBytes,
  recordKinds,
  type ReportColumns,
  signalPermission,
  storedValueOf,
} from '../../events/index.ts';
import type { Erasures } from '../../erasure/index.ts';
import type { Directory, Retention } from '../../registry/index.ts';
import { toIso } from '../times.ts';

export interface ReportContext {
  readonly directory: Directory;
  readonly vocabulary: Vocabulary;
  /** The log keeps raw reports until it is too old; what was erased, or is older than it is kept, is not shown meanwhile. */
  readonly erasures: Pick<Erasures, 'isErased'>;
  readonly retention: Pick<Retention, 'keptFromMs' | 'ruleOf'>;
  readonly nowMs: number;
}

type Sample = ReportView['samples'][number];

const columns: ReportColumns = makeReportColumns();

/** A report is shown as it came: of what is told coarsely it has nothing. */
const isShown = (scope: ReadScope, vehicleNo: number, { number, group }: SignalDefinition, timeMs: number): boolean => {
  const permission = signalPermission(scope, vehicleNo, number, group);
  if (!permission || !isExactly(permission.precision)) return false;
  return isWithin(permission.periods, timeMs) && !isHiddenAt(permission.hidden, timeMs);
};

/** Values of one sample by path: those that the scope shows. */
const signalsOf = (
  report: ReportColumns,
  sample: number,
  vehicleNo: number,
  scope: ReadScope,
  { vocabulary, retention, nowMs }: ReportContext,
): Sample['signals'] => {
  const time = report.times[sample] as number;
  const signals: Sample['signals'] = {};
  for (let i = 0; i < report.columnCount; i++) {
    const column = report.columns[i];
    const signal = column && vocabulary.byNumber(column.signalNumber);
    if (!column || !signal || !hasValue(column, sample) || !isShown(scope, vehicleNo, signal, time)) continue;
    if (time < retention.keptFromMs(vehicleNo, signal.group, nowMs)) continue;
    const value = present(signal, storedValueOf(column, sample));
    signals[signal.path] = typeof value === 'object' ? [...value] : value;
  }
  return signals;
};

const isInPeriods = (scope: ReadScope, vehicleNo: number, timeMs: number): boolean =>
  scope.periods(vehicleNo).some((period) => timeMs >= period.fromMs && (period.toMs === null || timeMs < period.toMs));

/** Samples of the times that the scope shows and that were not erased. */
const samplesOf = (bytes: Uint8Array, vehicleNo: number, scope: ReadScope, context: ReportContext): Sample[] => {
  decodeReport(bytes, recordHeaderBytes, bytes.length, columns);
  const samples: Sample[] = [];
  for (let i = 0; i < columns.sampleCount; i++) {
    const time = columns.times[i] as number;
    if (!isInPeriods(scope, vehicleNo, time) || context.erasures.isErased(vehicleNo, time)) continue;
    if (time < context.nowMs - context.retention.ruleOf(vehicleNo).longestMs) continue;
    const deviceTime = columns.hasOriginalTimes ? (columns.originalTimes[i] as number) : time;
    const moved = deviceTime === time ? {} : { deviceTime: toIso(deviceTime) };
    samples.push({ time: toIso(time), ...moved, signals: signalsOf(columns, i, vehicleNo, scope, context) });
  }
  return samples;
};

const contentOf = (
  header: RecordHeader,
  bytes: Uint8Array,
  view: DataView,
  scope: ReadScope,
  context: ReportContext,
): Pick<ReportView, 'kind' | 'samples' | 'event'> => {
  if (header.kind === recordKinds.connection) {
    const isKept = header.receivedAt >= context.retention.keptFromMs(header.vehicleNo, 'status', context.nowMs);
    return {
      kind: 'connection',
      samples: [],
      ...(isKept ? { event: decodeConnectionEvent(view, recordHeaderBytes).event } : {}),
    };
  }
  const samples = samplesOf(bytes, header.vehicleNo, scope, context);
  return { kind: columns.sampleCount === 0 ? 'heartbeat' : 'report', samples };
};

/** A record of the log as JSON: what the scope shows of it. */
export const reportView = (context: ReportContext, scope: ReadScope, bytes: Uint8Array): ReportView => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readRecordHeader(view, 0);
  return {
    ...contentOf(header, bytes, view, scope, context),
    receivedAt: toIso(header.receivedAt),
    deviceId: context.directory.deviceByNo(header.deviceNo)?.id ?? null,
    ...(header.hasSequence ? { boot: header.boot, seq: header.seq } : {}),
    bytes: bytes.length,
  };
};

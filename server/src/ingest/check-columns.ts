import {
  isStorable,
  type RejectionReason,
  type SignalDefinition,
  type StoredValue,
  type Vocabulary,
  wellKnown,
} from '@milepost/contract';
import { hasValue, type ReportBuilder, type ReportColumn, type ReportColumns, storedValueOf } from '../events/index.ts';
import type { Device, Retention } from '../registry/index.ts';
import type { SampleContext } from './check-sample.ts';
import { ingestLimits } from './limits.ts';
import { hasNoPosition, isAnyWithoutPosition } from './no-position.ts';
import type { VerdictBuilder } from './verdict.ts';

const isTextSignal = ({ kind }: SignalDefinition): boolean => kind === 'string' || kind === 'stringList';

const refusalOf = (signal: SignalDefinition | undefined, stored: StoredValue): RejectionReason | undefined => {
  if (!signal) return 'unknown_signal';
  if (isTextSignal(signal) !== (typeof stored === 'string')) return 'wrong_type';
  return isStorable(signal, stored) ? undefined : 'out_of_bounds';
};

const isCoordinate = (signalNumber: number): boolean =>
  signalNumber === wellKnown.latitude || signalNumber === wellKnown.longitude;

/** The columns' form of `checkSample`: adds the good values of one sample to the builder and rejects the others. */
export const checkColumns = (
  index: number,
  report: ReportColumns,
  timeMs: number,
  originalMs: number,
  { finder: { vocabulary }, keptFromMs, storedBefore }: SampleContext,
  builder: ReportBuilder,
  verdict: VerdictBuilder,
): void => {
  const isPlaced = !hasNoPosition(report, index);
  let added = 0;
  for (let c = 0; c < report.columnCount; c++) {
    const column = report.columns[c] as ReportColumn;
    if (!hasValue(column, index)) continue;
    const stored = storedValueOf(column, index);
    const signal = vocabulary.byNumber(column.signalNumber);
    let reason = refusalOf(signal, stored);
    if (!isPlaced && isCoordinate(column.signalNumber)) reason = 'out_of_bounds';
    if (!reason && signal && keptFromMs && timeMs < keptFromMs(signal.group)) reason = 'too_old';
    if (!reason && storedBefore) {
      const before = storedBefore(column.signalNumber);
      if (before !== undefined && before !== stored) reason = 'conflict';
    }
    if (reason) {
      verdict.rejectValue(index, signal?.path ?? String(column.signalNumber), stored, reason);
      continue;
    }
    if (added++ === 0) builder.addSample(timeMs, originalMs);
    builder.addValue(column.signalNumber, stored);
  }
};

const isColumnClean = (column: ReportColumn, count: number, vocabulary: Vocabulary): boolean => {
  const signal = vocabulary.byNumber(column.signalNumber);
  if (!signal || isTextSignal(signal) !== column.isText) return false;
  if (column.isText) return column.dictionary.every((word) => isStorable(signal, word));
  const { values, present, hasPresence } = column;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    if (hasPresence && present[i] === 0) continue;
    const value = values[i] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min > max || (isStorable(signal, min) && isStorable(signal, max));
};

export interface CleanContext {
  readonly device: Device;
  readonly receivedAt: number;
  readonly retention: Pick<Retention, 'ruleOf'>;
  readonly vocabulary: Vocabulary;
  /** Newest sample time known of the device; nothing is known of one that has not reported since the start. */
  readonly newestMs: number;
  /** Each value is known to be good, and each sample has one. */
  readonly isChecked: boolean;
}

/**
 * The vehicle of a report that can go into the log as it is: every value good, every time plausible, all samples of one
 * vehicle and newer than anything stored. 0: it has to be looked at sample by sample.
 */
export const cleanVehicle = (report: ReportColumns, context: CleanContext): number => {
  const { sampleCount: count, times } = report;
  if (count === 0 || report.hasOriginalTimes) return 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  for (let i = 0; i < count; i++) {
    const timeMs = times[i] as number;
    if (timeMs < firstMs) firstMs = timeMs;
    if (timeMs > lastMs) lastMs = timeMs;
  }
  const { receivedAt } = context;
  if (lastMs > receivedAt + ingestLimits.clockAheadMaxMs) return 0;
  if (firstMs <= context.newestMs || context.newestMs === Number.NEGATIVE_INFINITY) return 0;
  const assignment = context.device.assignments.findLast(({ fromMs, toMs }) => firstMs >= fromMs && lastMs < toMs);
  if (!assignment || firstMs < receivedAt - context.retention.ruleOf(assignment.vehicleNo).shortestMs) return 0;
  let isEverySampleFilled = context.isChecked;
  for (let c = 0; c < report.columnCount && !context.isChecked; c++) {
    const column = report.columns[c] as ReportColumn;
    if (!isColumnClean(column, count, context.vocabulary)) return 0;
    if (!column.hasPresence) isEverySampleFilled = true;
  }
  return isEverySampleFilled && !isAnyWithoutPosition(report) ? assignment.vehicleNo : 0;
};

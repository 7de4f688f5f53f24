import type { ConsentGroup } from '@milepost/contract';
import type { ReadScope } from '../events/index.ts';
import { CallerError, invalidField } from '../kernel/index.ts';
import type { HiddenValues } from './hidden-values.ts';
import { queryRowsMax, signalsPerQueryMax } from './limits.ts';
import type { StatusChange } from './ports.ts';
import type { TimePeriod } from './row-collector.ts';
import type { HistoryQuery } from './types.ts';

export type ConsentGroupOf = (signalNumber: number) => ConsentGroup | undefined;

const timeMsMax = 9_000_000_000_000;

const checkNumbers = (query: HistoryQuery): void => {
  const { signals, fromMs, toMs, stepMs, rowsMax } = query;
  if (signals.length < 1 || signals.length > signalsPerQueryMax)
    throw invalidField('signals', signals.length, `1 to ${signalsPerQueryMax} signals`);
  if (!(fromMs < toMs)) throw invalidField('to', toMs, `a time after ${fromMs}`);
  if (!Number.isInteger(rowsMax) || rowsMax < 1 || rowsMax > queryRowsMax)
    throw invalidField('rowsMax', rowsMax, `1 to ${queryRowsMax}`);
  if (stepMs !== undefined && !(Number.isInteger(stepMs) && stepMs >= 1))
    throw invalidField('step', stepMs, 'a whole number of ms, at least 1');
};

/** What of a query may be read: throws `forbidden` for a vehicle or signal that the scope does not allow, else cuts the period. */
export const permittedPeriods = (scope: ReadScope, query: HistoryQuery, groupOf: ConsentGroupOf): TimePeriod[] => {
  checkNumbers(query);
  if (!scope.allowsVehicle(query.vehicleNo)) throw new CallerError('forbidden', 'this vehicle may not be read');
  for (const signalNumber of query.signals) {
    const group = groupOf(signalNumber);
    if (group === undefined) throw invalidField('signals', signalNumber, 'numbers of known signals');
    if (!scope.allowsGroup(query.vehicleNo, group))
      throw new CallerError('forbidden', `signals of the group ${group} may not be read`);
    // History keeps exact values only; who may see coarser ones is not answered rather than told too much.
    if (scope.precision(query.vehicleNo, group) !== 'exact')
      throw new CallerError('forbidden', `signals of the group ${group} may not be read exactly`);
  }
  return scope
    .periods(query.vehicleNo)
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.max(0, fromMs, query.fromMs),
      toMs: Math.min(timeMsMax + 1, toMs ?? timeMsMax + 1, query.toMs),
    }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
};

/**
 * By signal: periods of which the scope hides its values, those that touch what is asked for. Undefined: of none of them, as nearly always.
 */
export const hiddenOfSignals = (
  scope: ReadScope,
  { vehicleNo, signals, fromMs, toMs }: HistoryQuery,
  groupOf: ConsentGroupOf,
): readonly (readonly TimePeriod[])[] | undefined => {
  const hidden = signals.map((signalNumber) => {
    const group = groupOf(signalNumber);
    const periods = group === undefined ? [] : scope.hiddenPeriods(vehicleNo, group);
    return periods
      .map((period) => ({ fromMs: period.fromMs, toMs: period.toMs ?? Number.POSITIVE_INFINITY }))
      .filter((period) => period.fromMs < toMs && fromMs < period.toMs);
  });
  return hidden.some((periods) => periods.length > 0) ? hidden : undefined;
};

export const maySeeStatus = (scope: ReadScope, { vehicleNo, at }: StatusChange): boolean =>
  scope.allowsVehicle(vehicleNo) &&
  scope.allowsGroup(vehicleNo, 'status') &&
  scope.periods(vehicleNo).some(({ fromMs, toMs }) => at >= fromMs && (toMs === null || at < toMs));

export const isStatusKept = (hidden: HiddenValues, { vehicleNo, at }: StatusChange, nowMs: number): boolean =>
  at >= hidden.keptFromMs(vehicleNo, 'status', nowMs) && !hidden.isErased(vehicleNo, at);

/** What of the permitted periods is still kept, and from when on each signal is. */
export const cutHidden = (
  hidden: HiddenValues,
  { vehicleNo, signals }: HistoryQuery,
  permitted: readonly TimePeriod[],
  groupOf: ConsentGroupOf,
  nowMs: number,
): { readonly periods: TimePeriod[]; readonly signalsFromMs: number[] } => {
  const signalsFromMs = signals.map((signalNumber) => {
    const group = groupOf(signalNumber);
    return group === undefined ? Number.NEGATIVE_INFINITY : hidden.keptFromMs(vehicleNo, group, nowMs);
  });
  const keptFromMs = Math.min(...signalsFromMs);
  const periods = hidden
    .cutErased(vehicleNo, permitted)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, keptFromMs), toMs }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  return { periods, signalsFromMs };
};

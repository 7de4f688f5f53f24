import type { ConsentGroup } from '@milepost/contract';
import {
  groupPermission,
  type ItemPermission,
  isSeenAt,
  type ReadPeriod,
  type ReadScope,
  type SignalPrecision,
  signalPermission,
} from '../events/index.ts';
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

/** What a reader is told of each signal of a query; throws `forbidden` for a vehicle or a signal of which the scope tells nothing. */
export const permissionsOf = (scope: ReadScope, query: HistoryQuery, groupOf: ConsentGroupOf): ItemPermission[] => {
  checkNumbers(query);
  const { vehicleNo } = query;
  if (!scope.allowsVehicle(vehicleNo)) throw new CallerError('forbidden', 'this vehicle may not be read');
  return query.signals.map((signalNumber) => {
    const group = groupOf(signalNumber);
    if (group === undefined) throw invalidField('signals', signalNumber, 'numbers of known signals');
    const permission = signalPermission(scope, vehicleNo, signalNumber, group);
    if (!permission) throw new CallerError('forbidden', `signals of the group ${group} may not be read`);
    return permission;
  });
};

const cut = (periods: readonly ReadPeriod[], { fromMs, toMs }: TimePeriod): TimePeriod[] =>
  periods
    .map((period) => ({
      fromMs: Math.max(0, period.fromMs, fromMs),
      toMs: Math.min(timeMsMax + 1, period.toMs ?? timeMsMax + 1, toMs),
    }))
    .filter((period) => period.fromMs < period.toMs);

const joined = (all: readonly TimePeriod[]): TimePeriod[] => {
  const sorted = [...all].sort((a, b) => a.fromMs - b.fromMs);
  const found: TimePeriod[] = [];
  for (const period of sorted) {
    const last = found.at(-1);
    if (last && period.fromMs <= last.toMs) found[found.length - 1] = { ...last, toMs: Math.max(last.toMs, period.toMs) };
    else found.push(period);
  }
  return found;
};

/** What of a stretch of time any of the signals may be read in: ascending, not overlapping. */
export const permittedPeriods = (permissions: readonly ItemPermission[], asked: TimePeriod): TimePeriod[] =>
  joined(permissions.flatMap(({ periods }) => cut(periods, asked)));

const between = (periods: readonly TimePeriod[], { fromMs, toMs }: TimePeriod): TimePeriod[] => {
  const edges = [fromMs, ...periods.flatMap((period) => [period.fromMs, period.toMs]), toMs];
  const gaps: TimePeriod[] = [];
  for (let i = 0; i < edges.length; i += 2) gaps.push({ fromMs: edges[i] as number, toMs: edges[i + 1] as number });
  return gaps.filter((gap) => gap.fromMs < gap.toMs);
};

/** By signal: sample times of which nothing of it is shown, those that touch what is asked for. Undefined: none of any, as nearly always. */
export const hiddenOfSignals = (
  permissions: readonly ItemPermission[],
  permitted: readonly TimePeriod[],
  asked: TimePeriod,
): readonly (readonly TimePeriod[])[] | undefined => {
  const hidden = permissions.map((permission) => {
    const own = cut(permission.periods, asked);
    // What another signal may be read in.
    const others = permitted.flatMap((period) =>
      between(
        own.filter((one) => one.fromMs < period.toMs && period.fromMs < one.toMs),
        period,
      ),
    );
    const withheld = permission.hidden
      .map((period) => ({ fromMs: period.fromMs, toMs: period.toMs ?? Number.POSITIVE_INFINITY }))
      .filter((period) => period.fromMs < asked.toMs && asked.fromMs < period.toMs);
    return [...others, ...withheld];
  });
  return hidden.some((periods) => periods.length > 0) ? hidden : undefined;
};

/** How values are told, of each report; undefined: as they are. */
export const tellingsOf = (permissions: readonly ItemPermission[]): readonly Omit<SignalPrecision, 'time'>[] | undefined => {
  const tellings = permissions.map(({ precision: { place, above } }) => ({ place, above }));
  return tellings.some(({ place, above }) => place !== 'exact' || above !== null) ? tellings : undefined;
};

export const maySeeStatus = (scope: ReadScope, { vehicleNo, at }: StatusChange): boolean =>
  scope.allowsVehicle(vehicleNo) && isSeenAt(groupPermission(scope, vehicleNo, 'status'), at);

export const isStatusKept = (hidden: HiddenValues, { vehicleNo, at }: StatusChange, nowMs: number): boolean =>
  at >= hidden.keptFromMs(vehicleNo, 'status', nowMs) && !hidden.isErased(vehicleNo, at);

/** What of the permitted periods is still kept, and from when on each signal is. */
export const cutHidden = (
  hidden: HiddenValues,
  { vehicleNo, signals }: Pick<HistoryQuery, 'vehicleNo' | 'signals'>,
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

import type { SignalDefinition } from '@milepost/contract';
import { partnerDataLimits, type RouteQuery, type SharedHistory } from '@milepost/contract/api';
import { exactly, signalPermission } from '../../events/index.ts';
import type { HistoryResult } from '../../history/index.ts';
import { invalidField } from '../../kernel/index.ts';
import { isGroup, itemsOf, sharedVehicleOf, shownPrecision, shownUnit, shownValue } from '../../sharing/index.ts';
import { lastHour } from '../history/read-query.ts';
import type { SharedAsk } from '../read-shared.ts';
import { readPeriod, toIso, toIsoOrNull } from '../times.ts';
import type { PartnerDeps } from './asked-vehicle.ts';

type Deps = Pick<PartnerDeps, 'live' | 'history' | 'vocabulary' | 'clock'>;
type Signals = SharedHistory['signals'];

/** Signals of the items that may be read and that the vehicle has. */
const signalsOf = ({ live, vocabulary }: Deps, { scope, vehicleNo }: SharedAsk, items: readonly string[]) =>
  vocabulary().signals.filter(
    ({ number, group, path }) =>
      (items.includes(group) || items.includes(path)) &&
      signalPermission(scope, vehicleNo, number, group) !== undefined &&
      live.peek(vehicleNo, number) !== undefined,
  );

const columnOf = (signal: SignalDefinition, i: number, { times, raw, told }: HistoryResult): Signals[string] => {
  const precision = told?.[i] ?? exactly;
  const column = raw?.[i];
  const shown: Signals[string] = {
    unit: shownUnit(signal, precision),
    precision: shownPrecision(signal, precision),
    times: [],
    values: [],
  };
  for (let row = 0; column && row < times.length; row++) {
    const stored = column.texts ? column.texts[row] : column.numbers[row];
    if (stored === null || stored === undefined || Number.isNaN(stored)) continue;
    shown.times.push(toIso(times[row] as number));
    shown.values.push(shownValue(signal, stored, precision));
  }
  return shown;
};

/**
 * Values over time of what a reader by a grant asks for: each signal as finely as it is granted, and a reason for what is withheld. Throws
 * `invalid_field`.
 */
export const readSharedHistory = async (
  deps: Deps,
  ask: SharedAsk,
  query: RouteQuery<'readPartnerHistory'>,
): Promise<SharedHistory> => {
  const { live, history, vocabulary, clock } = deps;
  const { scope, vehicleNo, vehicle, book, reader } = ask;
  const nowMs = clock.now();
  const period = readPeriod(query, lastHour(nowMs));
  const items = ask.items ?? itemsOf(book, reader, vehicleNo);
  // The reasons are the same as those of the latest values, and so are the words that there are.
  const { withheld } = sharedVehicleOf({
    ...ask,
    items,
    vocabulary: vocabulary(),
    told: [],
    nowMs,
    hasValue: ({ number }) => live.peek(vehicleNo, number) !== undefined,
  });
  const wanted = signalsOf(deps, ask, items);
  if (wanted.length === 0) return { vehicle, signals: {}, withheld, completeTo: null, next: null };
  const { historySignalsMax, historyValuesMax } = partnerDataLimits;
  if (wanted.length > historySignalsMax)
    throw invalidField('items', wanted.length, `items of at most ${historySignalsMax} signals that the vehicle has`);
  const rowsMax = Math.max(1, Math.floor((query.limit ?? historyValuesMax) / wanted.length));
  const result = await history.query(scope, { vehicleNo, signals: wanted.map(({ number }) => number), ...period, rowsMax });
  return {
    vehicle,
    signals: Object.fromEntries(wanted.map((signal, i) => [signal.path, columnOf(signal, i, result)])),
    withheld: withheld.filter(({ item }) => isGroup(item) || !wanted.some(({ path }) => path === item)),
    completeTo: toIso(result.completeTo),
    next: toIsoOrNull(result.nextFromMs ?? null),
  };
};

import type { SignalDefinition } from '@milepost/contract';
import type { SharedVehicle } from '@milepost/contract/api';
import { type ReadScope, signalPermission } from '../events/index.ts';
import type { HistoryResult } from '../history/index.ts';
import { type GrantBook, type GrantReader, sharedVehicleOf, type Told } from '../sharing/index.ts';
import type { HttpDeps } from './types.ts';

export type SharedDeps = Pick<HttpDeps, 'live' | 'history' | 'vocabulary' | 'clock'>;

export interface SharedAsk {
  readonly scope: ReadScope;
  readonly book: Pick<GrantBook, 'of'>;
  readonly reader: GrantReader;
  readonly vehicleNo: number;
  /** As the reader calls it. */
  readonly vehicle: string;
  readonly items?: readonly string[] | undefined;
}

const dayMs = 86_400_000;
/** First the last days are read; for what they have nothing of, the days are searched, back so far. */
const lastDays = 2;
const searchedDays = 400;
/** Told values of one signal are at most one a minute. */
const rowsMax = (lastDays + 1) * 1440;

const lastOf = (signal: SignalDefinition, i: number, { times, raw, told }: HistoryResult): Told | undefined => {
  const column = raw?.[i];
  const precision = told?.[i];
  for (let row = times.length - 1; column && precision && row >= 0; row--) {
    const stored = column.texts ? column.texts[row] : column.numbers[row];
    if (stored === null || stored === undefined || Number.isNaN(stored)) continue;
    return { signalNumber: signal.number, stored, timeMs: times[row] as number, precision };
  }
  return undefined;
};

/** Start of the last day on which each signal has a told value. */
const lastDaysOf = ({ times, steps = [] }: HistoryResult): (number | undefined)[] =>
  steps.map(({ count }) => times[count.findLastIndex((values) => values > 0)]);

/** The last value of each signal that is told of periods, from history: live has the newest alone. */
const toldOfPeriods = async (
  { live, history, vocabulary, clock }: SharedDeps,
  { scope, vehicleNo }: SharedAsk,
): Promise<Told[]> => {
  const found: Told[] = [];
  const read = async (signals: readonly SignalDefinition[], fromMs: number, toMs: number): Promise<SignalDefinition[]> => {
    const query = { vehicleNo, signals: signals.map(({ number }) => number), fromMs, toMs, rowsMax };
    const result = await history.query(scope, query);
    const told = signals.map((signal, i) => lastOf(signal, i, result));
    found.push(...told.filter((one) => one !== undefined));
    return signals.filter((_, i) => told[i] === undefined);
  };
  const ofPeriods = vocabulary().signals.filter(({ number, group }) => {
    // Of the vocabulary's signals a vehicle has few.
    if (live.peek(vehicleNo, number) === undefined) return false;
    const precision = signalPermission(scope, vehicleNo, number, group)?.precision;
    return precision !== undefined && precision.time !== 'report';
  });
  if (ofPeriods.length === 0) return found;
  const nowMs = clock.now();
  const missing = await read(ofPeriods, nowMs - lastDays * dayMs, nowMs + 1);
  if (missing.length === 0) return found;
  const searched = { fromMs: nowMs - searchedDays * dayMs, toMs: nowMs + 1, stepMs: dayMs, rowsMax: searchedDays + 2 };
  const result = await history.query(scope, { vehicleNo, signals: missing.map(({ number }) => number), ...searched });
  const days = lastDaysOf(result);
  for (const startMs of new Set(days.filter((day) => day !== undefined)))
    await read(
      missing.filter((_, i) => days[i] === startMs),
      startMs,
      startMs + dayMs,
    );
  return found;
};

/** What a reader by a grant is answered about a vehicle. Throws `invalid_field` for items that there are not. */
export const readShared = async (deps: SharedDeps, ask: SharedAsk): Promise<SharedVehicle> => {
  const { live, vocabulary, clock } = deps;
  const { scope, vehicleNo, ...rest } = ask;
  // Of a vehicle of which nothing is granted any more the reasons are told, and nothing else.
  const told = scope.allowsVehicle(vehicleNo) ? live.told(scope, vehicleNo) : [];
  const before = scope.allowsVehicle(vehicleNo) ? await toldOfPeriods(deps, ask) : [];
  return sharedVehicleOf({
    ...rest,
    vehicleNo,
    vocabulary: vocabulary(),
    told: [...told, ...before],
    nowMs: clock.now(),
    hasValue: ({ number }) => live.peek(vehicleNo, number) !== undefined,
  });
};

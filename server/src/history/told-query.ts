import { isExactly, type ItemPermission, periodMsOf, tellStored } from '../events/index.ts';
import { CallerError } from '../kernel/index.ts';
import type { TimePeriod } from './row-collector.ts';
import type { QueryAnswer } from './run-query.ts';
import { joinRaw, joinSteps, type ToldPart } from './join-told.ts';
import { ToldSteps } from './told-steps.ts';
import type { HistoryQuery, HistoryResult, RawColumn, StepColumn } from './types.ts';

/** Asks for signals that are told of each report: raw or in steps, in their own periods. */
export type Ask = (query: HistoryQuery, permissions: readonly ItemPermission[]) => Promise<QueryAnswer>;

/** Signals of a query that are told of periods of one length, by their places in it. */
interface Class {
  readonly periodMs: number;
  readonly places: readonly number[];
}

const classesOf = (permissions: readonly ItemPermission[]): Class[] => {
  const places = new Map<number, number[]>();
  permissions.forEach(({ precision }, place) => {
    const periodMs = periodMsOf(precision.time);
    places.set(periodMs, [...(places.get(periodMs) ?? []), place]);
  });
  return [...places].map(([periodMs, of]) => ({ periodMs, places: of }));
};

/** How each signal is told, where one is not told exactly. */
export const toldAs = (permissions: readonly ItemPermission[]): Pick<HistoryResult, 'told'> =>
  permissions.every(({ precision }) => isExactly(precision)) ? {} : { told: permissions.map(({ precision }) => precision) };

/** When the last report came would tell when a value of a period was: told is the beginning of the longest one. */
export const toldCompleteTo = (completeTo: number, permissions: readonly ItemPermission[]): number => {
  const periodMs = Math.max(...permissions.map(({ precision }) => periodMsOf(precision.time)));
  return periodMs === 0 ? completeTo : Math.floor(completeTo / periodMs) * periodMs;
};

export const isToldOfReports = (permissions: readonly ItemPermission[]): boolean =>
  permissions.every(({ precision }) => precision.time === 'report');

/** Sample times whose periods end in what is asked for, and have ended by now: whole periods, whoever asks for a part of one. */
const wholePeriods = ({ fromMs, toMs }: TimePeriod, periodMs: number, nowMs: number): TimePeriod => ({
  fromMs: Math.ceil(fromMs / periodMs) * periodMs - periodMs,
  toMs: Math.min(Math.ceil(toMs / periodMs) * periodMs - periodMs, Math.floor(nowMs / periodMs) * periodMs),
});

type StepResult = NonNullable<QueryAnswer['steps']>[number];

const lastOf = (step: StepResult, signalNumber: number, { precision }: ItemPermission): RawColumn => {
  if ('texts' in step) return { texts: step.texts };
  return {
    numbers: (step as StepColumn).last.map((stored) =>
      stored === stored ? tellStored(stored, signalNumber, precision) : stored,
    ),
  };
};

/** Reads values that are told coarsely in time: the last one of each period, at its end. */
class PeriodReader {
  readonly #ask: Ask;
  readonly #query: HistoryQuery;
  readonly #permissions: readonly ItemPermission[];
  readonly #class: Class;
  readonly #whole: TimePeriod;

  constructor(ask: Ask, query: HistoryQuery, permissions: readonly ItemPermission[], of: Class, nowMs: number) {
    this.#ask = ask;
    this.#query = query;
    this.#class = of;
    this.#permissions = of.places.map((place) => permissions[place] as ItemPermission);
    this.#whole = wholePeriods(query, of.periodMs, nowMs);
  }

  /** From a sample time on; `nextMs` of the answer is one, too. */
  async page(fromMs = this.#whole.fromMs): Promise<ToldPart & { readonly nextSampleMs?: number }> {
    const { places, periodMs } = this.#class;
    const { toMs } = this.#whole;
    if (fromMs >= toMs) return { places, times: new Float64Array(), raw: places.map(() => ({ numbers: new Float64Array() })) };
    const signals = places.map((place) => this.#query.signals[place] as number);
    const { vehicleNo, rowsMax } = this.#query;
    const exact = this.#permissions.map((permission) => ({
      ...permission,
      precision: { ...permission.precision, place: 'exact' as const, above: null },
    }));
    const answer = await this.#ask({ vehicleNo, signals, fromMs, toMs, stepMs: periodMs, rowsMax }, exact);
    const steps = answer.steps ?? [];
    return {
      places,
      times: answer.times.map((startMs) => startMs + periodMs),
      raw: steps.map((step, i) => lastOf(step, signals[i] as number, this.#permissions[i] as ItemPermission)),
      ...(answer.nextFromMs === undefined ? {} : { nextMs: answer.nextFromMs + periodMs, nextSampleMs: answer.nextFromMs }),
    };
  }

  /** Steps made of what is told, never of what it is the last of. */
  async steps(stepMs: number): Promise<ToldPart> {
    const { places } = this.#class;
    const made = new ToldSteps(places.length, stepMs, this.#query.rowsMax);
    let nextMs: number | undefined;
    for (let fromMs: number | undefined = this.#whole.fromMs; fromMs !== undefined && nextMs === undefined; ) {
      const page: ToldPart & { readonly nextSampleMs?: number } = await this.page(fromMs);
      nextMs = made.add(page.times, page.raw ?? []);
      fromMs = page.nextSampleMs;
    }
    return { places, ...made.finish(), ...(nextMs === undefined ? {} : { nextMs }) };
  }
}

/** Of signals that are told differently, each as its reader is told it. */
export const queryTold = async (
  ask: Ask,
  query: HistoryQuery,
  permissions: readonly ItemPermission[],
  nowMs: number,
): Promise<QueryAnswer> => {
  const { stepMs, rowsMax, signals } = query;
  if (query.devices) throw new CallerError('forbidden', 'what is told coarsely is of no single device');
  const parts: ToldPart[] = [];
  for (const of of classesOf(permissions)) {
    const { places, periodMs } = of;
    if (periodMs > 0) {
      const reader = new PeriodReader(ask, query, permissions, of, nowMs);
      parts.push(stepMs === undefined ? await reader.page() : await reader.steps(stepMs));
      continue;
    }
    const own = { ...query, signals: places.map((place) => signals[place] as number) };
    const answer = await ask(
      own,
      places.map((place) => permissions[place] as ItemPermission),
    );
    parts.push({ ...answer, places, ...(answer.nextFromMs === undefined ? {} : { nextMs: answer.nextFromMs }) });
  }
  return stepMs === undefined ? joinRaw(parts, signals.length, rowsMax) : joinSteps(parts, signals.length, rowsMax);
};

import type { QueryAnswer } from './run-query.ts';
import type { RawColumn } from './types.ts';

type StepResult = NonNullable<QueryAnswer['steps']>[number];

/** What was read of some signals of a query; `places`: which. */
export interface ToldPart {
  readonly places: readonly number[];
  readonly times: Float64Array;
  readonly raw?: readonly RawColumn[];
  readonly steps?: readonly StepResult[];
  /** Time of the first row that is not there. */
  readonly nextMs?: number;
}

/** Rows of several parts, in order: which row of each part they are made of; −1: of none. */
interface Rows {
  readonly times: Float64Array;
  readonly of: readonly Int32Array[];
  readonly nextMs: number | undefined;
}

/** Rows of one time that are the n-th of it in their parts become one. Rows of one time are never parted by the end of the answer. */
const joinRows = (parts: readonly ToldPart[], rowsMax: number): Rows => {
  const endMs = Math.min(...parts.map(({ nextMs }) => nextMs ?? Number.POSITIVE_INFINITY));
  const at = parts.map(() => 0);
  const times: number[] = [];
  const of: number[][] = parts.map(() => []);
  for (;;) {
    const time = Math.min(...parts.map((part, p) => part.times[at[p] as number] ?? Number.POSITIVE_INFINITY));
    if (time >= endMs) break;
    if (times.length >= rowsMax && time !== times.at(-1)) return rowsOf(times, of, time);
    times.push(time);
    parts.forEach((part, p) => {
      const isThere = part.times[at[p] as number] === time;
      (of[p] as number[]).push(isThere ? (at[p] as number) : -1);
      if (isThere) at[p] = (at[p] as number) + 1;
    });
  }
  return rowsOf(times, of, Number.isFinite(endMs) ? endMs : undefined);
};

const rowsOf = (times: readonly number[], of: readonly (readonly number[])[], nextMs: number | undefined): Rows => ({
  times: Float64Array.from(times),
  of: of.map((rows) => Int32Array.from(rows)),
  nextMs,
});

const pick = (numbers: Float64Array, rows: Int32Array, none: number): Float64Array =>
  Float64Array.from(rows, (row) => (row < 0 ? none : (numbers[row] as number)));
const pickTexts = (texts: readonly (string | null)[], rows: Int32Array): (string | null)[] =>
  Array.from(rows, (row) => (row < 0 ? null : (texts[row] ?? null)));

const answerOf = <C>(
  parts: readonly ToldPart[],
  rows: Rows,
  signals: number,
  column: (part: ToldPart, i: number, rows: Int32Array) => C,
): C[] => {
  const columns: C[] = Array.from({ length: signals });
  parts.forEach((part, p) => {
    part.places.forEach((place, i) => {
      columns[place] = column(part, i, rows.of[p] as Int32Array);
    });
  });
  return columns;
};

const cutAt = ({ nextMs }: Rows): { nextFromMs?: number } => (nextMs === undefined ? {} : { nextFromMs: nextMs });

export const joinRaw = (parts: readonly ToldPart[], signals: number, rowsMax: number): QueryAnswer => {
  const rows = joinRows(parts, rowsMax);
  const raw = answerOf(parts, rows, signals, (part, i, of): RawColumn => {
    const column = part.raw?.[i] as RawColumn;
    return column.texts ? { texts: pickTexts(column.texts, of) } : { numbers: pick(column.numbers, of, Number.NaN) };
  });
  return { times: rows.times, raw, ...cutAt(rows) };
};

export const joinSteps = (parts: readonly ToldPart[], signals: number, rowsMax: number): QueryAnswer => {
  const rows = joinRows(parts, rowsMax);
  const steps = answerOf(parts, rows, signals, (part, i, of): StepResult => {
    const column = part.steps?.[i] as StepResult;
    const count = pick(column.count, of, 0);
    if ('texts' in column) return { texts: pickTexts(column.texts, of), count };
    const numbersOf = (numbers: Float64Array): Float64Array => pick(numbers, of, Number.NaN);
    return {
      min: numbersOf(column.min),
      max: numbersOf(column.max),
      mean: numbersOf(column.mean),
      last: numbersOf(column.last),
      count,
    };
  });
  return { times: rows.times, steps, ...cutAt(rows) };
};

import { present, type SignalDefinition } from '@milepost/contract';
import type { HistoryResult, RawColumn } from '../../history/index.ts';

/** One column of an answer: its name and the JSON text of each row's value. */
export interface Column {
  readonly name: string;
  /** JSON of the value at a row; `null` where there is none. */
  readonly json: (row: number) => string;
}

const numberJson = (signal: SignalDefinition, numbers: Float64Array): ((row: number) => string) => {
  if (signal.kind === 'number') {
    return (row) => {
      const stored = numbers[row] as number;
      return stored === stored ? String(stored / signal.perUnit) : 'null';
    };
  }
  return (row) => {
    const stored = numbers[row] as number;
    return stored === stored ? JSON.stringify(present(signal, stored)) : 'null';
  };
};

const textJson =
  (signal: SignalDefinition, texts: readonly (string | null)[]): ((row: number) => string) =>
  (row) => {
    const stored = texts[row] ?? null;
    return stored === null ? 'null' : JSON.stringify(present(signal, stored));
  };

/** Of a threshold: whether the value is above it. */
const aboveJson =
  (numbers: Float64Array): ((row: number) => string) =>
  (row) => {
    const above = numbers[row] as number;
    return above === above ? String(above === 1) : 'null';
  };

const rawJson = (signal: SignalDefinition, column: RawColumn): ((row: number) => string) =>
  column.numbers ? numberJson(signal, column.numbers) : textJson(signal, column.texts);

/** A mean is between two stored steps, so it is shown with two decimals more than the signal. */
const meanJson = (signal: SignalDefinition, numbers: Float64Array): ((row: number) => string) => {
  const scale = signal.perUnit * 100;
  return (row) => {
    const stored = numbers[row] as number;
    return stored === stored ? String(Math.round(stored * 100) / scale) : 'null';
  };
};

const countJson =
  (count: Float64Array): ((row: number) => string) =>
  (row) =>
    String(count[row] ?? 0);

/** The columns of one signal: one without a step; last and count, and for numbers min, max and mean, with one. */
export interface SignalColumns {
  readonly path: string;
  readonly columns: readonly Column[];
}

const stepColumns = (
  signal: SignalDefinition,
  column: NonNullable<HistoryResult['steps']>[number],
  isAbove: boolean,
): readonly Column[] => {
  const count = { name: 'count', json: countJson(column.count) };
  if (isAbove && 'last' in column) return [{ name: 'last', json: aboveJson(column.last) }, count];
  if ('texts' in column) return [{ name: 'last', json: textJson(signal, column.texts) }, count];
  const last = { name: 'last', json: numberJson(signal, column.last) };
  if (signal.kind !== 'number') return [last, count];
  return [
    { name: 'min', json: numberJson(signal, column.min) },
    { name: 'max', json: numberJson(signal, column.max) },
    { name: 'mean', json: meanJson(signal, column.mean) },
    last,
    count,
  ];
};

/** What an answer has for each signal, in the order of the question. */
export const columnsOf = (signals: readonly SignalDefinition[], result: HistoryResult): readonly SignalColumns[] =>
  signals.map((signal, i) => {
    const isAbove = (result.told?.[i]?.above ?? null) !== null;
    const steps = result.steps?.[i];
    if (steps) return { path: signal.path, columns: stepColumns(signal, steps, isAbove) };
    const raw = result.raw?.[i];
    if (!raw) return { path: signal.path, columns: [] };
    const json = isAbove && raw.numbers ? aboveJson(raw.numbers) : rawJson(signal, raw);
    return { path: signal.path, columns: [{ name: '', json }] };
  });

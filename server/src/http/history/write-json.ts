import type { HistoryResult } from '../../history/index.ts';
import { httpLimits } from '../limits.ts';
import type { Column, SignalColumns } from './columns.ts';
import { rowSlices } from './slices.ts';

const rowsOf = function* (rows: number, json: (row: number) => string): Iterable<string> {
  yield '[';
  for (const [from, to] of rowSlices(rows, httpLimits.historyCellsPerSlice)) {
    let slice = from === 0 ? '' : ',';
    for (let row = from; row < to; row++) slice += row === from ? json(row) : `,${json(row)}`;
    yield slice;
  }
  yield ']';
};

const named = function* (rows: number, columns: readonly Column[]): Iterable<string> {
  for (const [i, column] of columns.entries()) {
    yield `${i === 0 ? '{' : ','}${JSON.stringify(column.name)}:`;
    yield* rowsOf(rows, column.json);
  }
  yield '}';
};

/** The JSON of an answer of history, column by column, in slices of a bounded size. */
export const writeJson = function* (
  result: HistoryResult,
  signals: readonly SignalColumns[],
  stepMs: number | undefined,
): Iterable<string> {
  const rows = result.times.length;
  yield `{"signals":${JSON.stringify(signals.map((signal) => signal.path))},"completeTo":${result.completeTo},"next":${result.nextFromMs ?? null}`;
  if (stepMs !== undefined) yield `,"stepMs":${stepMs}`;
  yield ',"times":';
  yield* rowsOf(rows, (row) => String(result.times[row]));
  yield ',"columns":{';
  for (const [i, { path, columns }] of signals.entries()) {
    yield `${i === 0 ? '' : ','}${JSON.stringify(path)}:`;
    if (stepMs === undefined) yield* rowsOf(rows, columns[0]?.json ?? (() => 'null'));
    else yield* named(rows, columns);
  }
  yield '}}';
};

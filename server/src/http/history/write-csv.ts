import type { HistoryResult } from '../../history/index.ts';
import { csvText } from '../../kernel/index.ts';
import { httpLimits } from '../limits.ts';
import { toIso } from '../times.ts';
import type { SignalColumns } from './columns.ts';
import { rowSlices } from './slices.ts';

/** A cell for the JSON text of a value: nothing for null; numbers and truth as they are; lists with spaces between. */
export const csvCell = (json: string): string => {
  if (json === 'null') return '';
  const first = json.charCodeAt(0);
  const isText = first === 0x22;
  if (!isText && first !== 0x5b) return json;
  const value = JSON.parse(json) as string | string[];
  return csvText(typeof value === 'string' ? value : value.join(' '));
};

export const csvHeader = (signals: readonly SignalColumns[]): string => {
  const names = signals.flatMap(({ path, columns }) =>
    columns.map((column) => (column.name === '' ? path : `${path} ${column.name}`)),
  );
  return ['time', ...names].map(csvText).join(',');
};

/** The rows of an answer alone: pages of one export are joined under one header. */
export const csvRows = function* (result: HistoryResult, signals: readonly SignalColumns[]): Iterable<string> {
  const columns = signals.flatMap((signal) => signal.columns);
  const rowsPerSlice = Math.max(1, Math.floor(httpLimits.historyCellsPerSlice / (columns.length + 1)));
  for (const [from, to] of rowSlices(result.times.length, rowsPerSlice)) {
    let slice = '';
    for (let row = from; row < to; row++) {
      slice += toIso(result.times[row] as number);
      for (const column of columns) slice += `,${csvCell(column.json(row))}`;
      slice += '\r\n';
    }
    yield slice;
  }
};

/** The rows of an answer of history as CSV with a header, CRLF at line ends, times in ISO 8601. */
export const writeCsv = function* (result: HistoryResult, signals: readonly SignalColumns[]): Iterable<string> {
  yield `${csvHeader(signals)}\r\n`;
  yield* csvRows(result, signals);
};

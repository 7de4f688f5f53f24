import { csvText } from './history/write-csv.ts';

export type CsvValue = string | number | boolean | null;

/** A line by RFC 4180: numbers as they are, nothing for null, texts guarded against running as formulas. */
export const csvLine = (cells: readonly CsvValue[]): string =>
  `${cells.map((cell) => (cell === null ? '' : typeof cell === 'string' ? csvText(cell) : String(cell))).join(',')}\r\n`;

/** Headers of an answer that a browser saves as a file. */
export const csvFile = (name: string): Record<string, string> => ({
  'content-type': 'text/csv; charset=utf-8',
  'content-disposition': `attachment; filename="${name}"`,
});

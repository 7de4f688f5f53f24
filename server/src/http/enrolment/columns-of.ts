import { CallerError, invalidField } from '../../kernel/index.ts';
import type { LineProblem } from '../../registry/index.ts';

export interface CsvColumn {
  /** Its name in the registry, where that is another. */
  readonly as?: string;
  /** A cell that is not empty as a value. What it cannot read stays as it is: the registry says what it expected. */
  readonly read?: (cell: string) => unknown;
  readonly isNeeded?: true;
}

/** One row for each column that a file may have. */
export type CsvColumns = Readonly<Record<string, CsvColumn>>;

/** Names of the columns in their order in the file. Throws `invalid_field` for one that is unknown, missing, or there twice. */
export const readHeadOf = (columns: CsvColumns, cells: readonly string[]): string[] => {
  const columnNames = Object.keys(columns);
  const head = cells.map((cell) => {
    const name = columnNames.find((known) => known.toLowerCase() === cell.toLowerCase());
    if (name === undefined) throw invalidField('head', cell, `only the columns ${columnNames.join(', ')}`);
    return name;
  });
  const twice = head.find((name, i) => head.indexOf(name) !== i);
  if (twice !== undefined) throw invalidField('head', twice, 'each column once');
  const missing = columnNames.find((name) => columns[name]?.isNeeded && !head.includes(name));
  if (missing !== undefined) throw invalidField('head', head.join(', '), `the column ${missing}, too`);
  return head;
};

/** What is wrong with a row before its cells are looked at. */
export const rowProblems = (head: readonly string[], cells: readonly string[]): LineProblem[] =>
  cells.length === head.length
    ? []
    : [{ field: 'line', value: cells.join(' '), expected: `${head.length} cells as in the head, not ${cells.length}` }];

/** What a cell says; undefined, and a problem noted, when it cannot be read. */
export const noteProblem = (problems: LineProblem[], name: string, cell: string, read: (cell: string) => unknown): unknown => {
  try {
    return read(cell);
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    problems.push({ field: name, value: cell, expected: error.details.expected ?? error.message });
    return undefined;
  }
};

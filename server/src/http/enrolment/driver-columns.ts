import type { DriverLine } from '../../registry/index.ts';
import { readTime } from '../times.ts';
import { type CsvColumns, noteProblem, readHeadOf, rowProblems } from './columns-of.ts';
import type { CsvRow } from '../../protocols/csv/index.ts';

/** One row for each column that a file of drivers may have. */
const columns = {
  name: { isNeeded: true },
  customer: { isNeeded: true },
  number: {},
  vehicle: {},
  from: { as: 'fromMs', read: (cell: string) => readTime('from', cell) },
  to: { as: 'toMs', read: (cell: string) => readTime('to', cell) },
} satisfies CsvColumns;

export const readDriverHead = (cells: readonly string[]): string[] => readHeadOf(columns, cells);

export interface ReadDriverLine {
  readonly line: DriverLine;
  /** As they are in the file, by the name of their column. */
  readonly cells: Readonly<Record<string, string>>;
}

/** A row as what it asks for. An empty cell is a value that is not given. */
export const readDriverLine = (head: readonly string[], { line, cells }: CsvRow): ReadDriverLine => {
  const problems = rowProblems(head, cells);
  const values: Record<string, unknown> = {};
  for (const [i, name] of head.entries()) {
    const cell = cells[i] ?? '';
    if (cell === '') continue;
    const { as = name, read } = (columns as CsvColumns)[name] ?? {};
    values[as] = read ? noteProblem(problems, name, cell, read) : cell;
  }
  const byName = Object.fromEntries(head.map((name, i) => [name, cells[i] ?? '']));
  return { line: { ...values, line, problems }, cells: { ...byName, line: cells.join(' ') } };
};

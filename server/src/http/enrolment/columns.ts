import type { EnrolLine } from '../../registry/index.ts';
import { readTime } from '../times.ts';
import type { CsvRow } from '../../protocols/csv/index.ts';
import { type CsvColumn, noteProblem, readHeadOf, rowProblems } from './columns-of.ts';

type Cells = Readonly<Record<string, string>>;

interface Column extends CsvColumn {
  readonly of: 'vehicle' | 'device';
}

const whole = (cell: string): unknown => (/^\d{1,15}$/.test(cell) ? Number(cell) : cell);
const decimal = (cell: string): unknown => (/^\d{1,15}(\.\d{1,6})?$/.test(cell) ? Number(cell) : cell);
const names = (cell: string): string[] =>
  cell
    .split('|')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** One row for each column that a file may have. */
const columns: Readonly<Record<string, Column>> = {
  imei: { of: 'device', isNeeded: true },
  vin: { of: 'vehicle', isNeeded: true },
  customer: { of: 'vehicle', isNeeded: true },
  plate: { of: 'vehicle' },
  model: { of: 'vehicle' },
  grossWeightKg: { of: 'vehicle', read: whole },
  batteryKwh: { of: 'vehicle', read: decimal },
  tirePlacardKpa: { of: 'vehicle', read: (cell) => cell.split(/\s+/).map(whole) },
  groups: { of: 'vehicle', read: names },
  note: { of: 'vehicle' },
  kind: { of: 'device' },
  from: { of: 'device', as: 'fromMs', read: (cell) => readTime('from', cell) },
};

export const readHead = (cells: readonly string[]): string[] => readHeadOf(columns, cells);

export interface ReadLine {
  readonly line: EnrolLine;
  /** As they are in the file, by the name of their column. */
  readonly cells: Cells;
}

/** A row as what it asks for. An empty cell is a value that is not given. */
export const readLine = (head: readonly string[], { line, cells }: CsvRow): ReadLine => {
  const problems = rowProblems(head, cells);
  const vehicle: Record<string, unknown> = {};
  const device: Record<string, unknown> = {};
  for (const [i, name] of head.entries()) {
    const cell = cells[i] ?? '';
    if (cell === '') continue;
    const { of, as = name, read } = columns[name] as Column;
    (of === 'vehicle' ? vehicle : device)[as] = read ? noteProblem(problems, name, cell, read) : cell;
  }
  const byName = Object.fromEntries(head.map((name, i) => [name, cells[i] ?? '']));
  return { line: { line, vehicle, device, problems }, cells: { ...byName, line: cells.join(' ') } };
};

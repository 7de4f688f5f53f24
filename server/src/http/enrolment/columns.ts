import { CallerError, invalidField } from '../../kernel/index.ts';
import type { EnrolLine, LineProblem } from '../../registry/index.ts';
import { readTime } from '../times.ts';
import type { CsvRow } from '../../protocols/csv/index.ts';

type Cells = Readonly<Record<string, string>>;

interface Column {
  readonly of: 'vehicle' | 'device';
  /** Its name in the registry, where that is another. */
  readonly as?: string;
  /** A cell that is not empty as a value. What it cannot read stays as it is: the registry says what it expected. */
  readonly read?: (cell: string) => unknown;
  readonly isNeeded?: true;
}

const whole = (cell: string): unknown => (/^\d{1,15}$/.test(cell) ? Number(cell) : cell);
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
  tirePlacardKpa: { of: 'vehicle', read: (cell) => cell.split(/\s+/).map(whole) },
  groups: { of: 'vehicle', read: names },
  note: { of: 'vehicle' },
  kind: { of: 'device' },
  from: { of: 'device', as: 'fromMs', read: (cell) => readTime('from', cell) },
};
const columnNames = Object.keys(columns);

/** Names of the columns in their order in the file. Throws `invalid_field` for one that is unknown, missing, or there twice. */
export const readHead = (cells: readonly string[]): string[] => {
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

export interface ReadLine {
  readonly line: EnrolLine;
  /** As they are in the file, by the name of their column. */
  readonly cells: Cells;
}

const readCell = (name: string, cell: string, problems: LineProblem[]): unknown => {
  const { read } = columns[name] as Column;
  if (!read) return cell;
  try {
    return read(cell);
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    problems.push({ field: name, value: cell, expected: error.details.expected ?? error.message });
    return undefined;
  }
};

/** A row as what it asks for. An empty cell is a value that is not given. */
export const readLine = (head: readonly string[], { line, cells }: CsvRow): ReadLine => {
  const problems: LineProblem[] = [];
  if (cells.length !== head.length)
    problems.push({
      field: 'line',
      value: cells.join(' '),
      expected: `${head.length} cells as in the head, not ${cells.length}`,
    });
  const vehicle: Record<string, unknown> = {};
  const device: Record<string, unknown> = {};
  for (const [i, name] of head.entries()) {
    const cell = cells[i] ?? '';
    if (cell === '') continue;
    const { of, as = name } = columns[name] as Column;
    (of === 'vehicle' ? vehicle : device)[as] = readCell(name, cell, problems);
  }
  const byName = Object.fromEntries(head.map((name, i) => [name, cells[i] ?? '']));
  return { line: { line, vehicle, device, problems }, cells: { ...byName, line: cells.join(' ') } };
};

import { type SignalDefinition, type UnitConversion, unitConversions, type Vocabulary } from '@milepost/contract';
import type { ImportMapping } from '@milepost/contract/api';
import { invalidField } from '../../kernel/index.ts';
import { type CsvRow, csvRows } from '../../protocols/csv/index.ts';
import { importLimits } from '../limits.ts';
import { type ReadTime, timeReader } from './read-time.ts';
import type { ImportItem, ImportProblem } from './types.ts';

interface Column {
  readonly name: string;
  readonly signal: SignalDefinition;
  readonly conversion: UnitConversion;
}

/** A mapping that was checked against the vocabulary; the head of the file is not known yet. */
export interface CsvReading {
  readonly timeColumns: readonly string[];
  readonly readTime: ReadTime;
  readonly columns: readonly Column[];
  readonly isComma: boolean;
}

const readColumn = (
  { column, signal: path, unit }: ImportMapping['columns'][number],
  i: number,
  vocabulary: Vocabulary,
): Column => {
  const field = `mapping.columns[${i}]`;
  const signal = vocabulary.byPath(path);
  if (!signal) throw invalidField(`${field}.signal`, path, 'the path of a signal of /v1/signals');
  const conversions = unitConversions(signal.unit);
  const conversion = unit === undefined ? conversions[0] : conversions.find((one) => one.unit === unit);
  if (!conversion || (unit !== undefined && signal.kind !== 'number'))
    throw invalidField(`${field}.unit`, unit, `one of ${conversions.map((one) => one.unit || 'no unit').join(', ')}`);
  return { name: column, signal, conversion };
};

/** Throws `invalid_field` for a signal, unit or format that is none, and for a signal that is given twice. */
export const readMapping = ({ time, columns, decimal }: ImportMapping, vocabulary: Vocabulary): CsvReading => {
  const read = columns.map((column, i) => readColumn(column, i, vocabulary));
  const twice = read.find(({ signal }, i) => read.findIndex((other) => other.signal === signal) !== i);
  if (twice) throw invalidField('mapping.columns', twice.signal.path, 'each signal once');
  return {
    timeColumns: time.columns,
    readTime: timeReader(time.format, time.zone),
    columns: read,
    isComma: decimal === 'comma',
  };
};

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
  1: true,
  0: false,
};
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/** A cell as a value of its signal, or in words what was expected. */
const readCell = (text: string, { signal, conversion }: Column, isComma: boolean): { value: unknown } | { expected: string } => {
  switch (signal.kind) {
    case 'number': {
      const plain = isComma ? text.replace(',', '.') : text;
      if (!decimal.test(plain)) return { expected: `a number${isComma ? ' with a decimal comma' : ''}` };
      return { value: Number(plain) * conversion.factor + conversion.offset };
    }
    case 'boolean': {
      const value = flags[text.toLowerCase()];
      return value === undefined ? { expected: `one of ${Object.keys(flags).join(', ')}` } : { value };
    }
    case 'enum':
      return { value: signal.values?.find((word) => word.toLowerCase() === text.toLowerCase()) ?? text };
    case 'string':
      return { value: text };
    case 'stringList':
      return {
        value: text
          .split('|')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      };
  }
};

/** The mapping with the places of its columns in the file. */
class LineReader {
  readonly #reading: CsvReading;
  readonly #width: number;
  readonly #timePlaces: readonly number[];
  readonly #places: readonly number[];

  constructor(reading: CsvReading, head: readonly string[]) {
    const placeOf = (name: string, field: string): number => {
      const place = head.indexOf(name);
      if (place >= 0 && head.indexOf(name, place + 1) < 0) return place;
      const expected = place < 0 ? `a column of the file: ${head.join(', ').slice(0, 500)}` : 'a column that the file has once';
      throw invalidField(field, name, expected);
    };
    this.#reading = reading;
    this.#width = head.length;
    this.#timePlaces = reading.timeColumns.map((name, i) => placeOf(name, `mapping.time.columns[${i}]`));
    this.#places = reading.columns.map(({ name }, i) => placeOf(name, `mapping.columns[${i}].column`));
  }

  read({ line, cells }: CsvRow): ImportItem {
    if (cells.length !== this.#width) {
      const expected = `${this.#width} cells as in the head, not ${cells.length}`;
      return { problems: [{ line, value: cells.join(' '), reason: 'wrong_cells', expected }] };
    }
    const { timeColumns, readTime } = this.#reading;
    const time = this.#timePlaces
      .map((place) => cells[place])
      .join(' ')
      .trim();
    const column = timeColumns.join(' ');
    if (time === '') return { problems: [{ line, column, reason: 'no_time', expected: 'a time' }] };
    const timeMs = readTime(time);
    if (Number.isNaN(timeMs))
      return {
        problems: [
          {
            line,
            column,
            value: time,
            reason: 'bad_time',
            expected: 'a time of the format that was given, which clocks have shown',
          },
        ],
      };
    return this.#readValues(line, timeMs, cells);
  }

  #readValues(line: number, timeMs: number, cells: readonly string[]): ImportItem {
    const { columns, isComma } = this.#reading;
    const signals: Record<string, unknown> = {};
    const found: Record<string, { column: string; text: string }> = {};
    const problems: ImportProblem[] = [];
    for (const [i, column] of columns.entries()) {
      const text = cells[this.#places[i] as number] ?? '';
      if (text === '') continue;
      const read = readCell(text, column, isComma);
      if ('expected' in read) {
        problems.push({ line, column: column.name, value: text, reason: 'wrong_type', expected: read.expected });
        continue;
      }
      signals[column.signal.path] = read.value;
      found[column.signal.path] = { column: column.name, text };
    }
    const isAny = Object.keys(signals).length > 0;
    if (!isAny && problems.length === 0)
      problems.push({ line, reason: 'nothing_to_import', expected: 'a value in one of the columns' });
    return isAny ? { sample: { line, timeMs, signals, cells: found }, problems } : { problems };
  }
}

/** What a CSV file has, line by line. Throws `invalid_field` when it has not the columns, `UnreadableFileError` where it is no CSV. */
export const csvItems = async function* (
  chunks: AsyncIterable<Uint8Array>,
  reading: CsvReading,
): AsyncGenerator<readonly ImportItem[]> {
  const limits = { rowBytesMax: importLimits.csvRowBytesMax, bytesPerSlice: importLimits.csvBytesPerSlice };
  let lines: LineReader | undefined;
  for await (const rows of csvRows(chunks, limits)) {
    const [head] = rows;
    const isFirst = lines === undefined;
    const reader = (lines ??= new LineReader(reading, head?.cells ?? []));
    yield (isFirst ? rows.slice(1) : rows).map((row) => reader.read(row));
  }
};

import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { type CsvError, type Info, parse } from 'csv-parse';
import { CallerError } from '../../kernel/index.ts';

export interface CsvRow {
  /** Where it begins in the file; the first line is 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvLimits {
  /** Rows without the head. */
  readonly rowsMax: number;
  readonly rowBytesMax: number;
  /** Read between two looks at everything else. */
  readonly bytesPerSlice: number;
}

const delimiters = [',', ';', '\t'] as const;

/** What divides the cells of the head: names of columns hold none of the three. */
export const delimiterOf = (text: string): string => {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const counts = delimiters.map((delimiter) => head.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] as string;
};

/** Lines by byte. The parser's own count takes CR LF within quotes for two. */
class LineCounter {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at = 0;
  #line = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.includes('\n') ? 10 : 13;
  }

  /** The line that holds this byte; asked in ascending order. */
  lineAt(byte: number): number {
    for (; this.#at < byte; this.#at++) if (this.#bytes[this.#at] === this.#end) this.#line++;
    return this.#line;
  }
}

const tooManyRows = ({ rowsMax }: CsvLimits): CallerError =>
  new CallerError('payload_too_large', `the file has more than ${rowsMax} lines`, {
    field: 'body',
    expected: `at most ${rowsMax} lines below the head`,
  });

const unreadable = (line: number, { code, message }: CsvError): CallerError =>
  new CallerError('bad_request', `the file cannot be read from line ${line} on: ${code}`, {
    field: 'body',
    expected: 'CSV with quotes as in RFC 4180',
    cause: message,
  });

const isEmpty = (cells: readonly string[]): boolean => cells.every((cell) => cell === '');

/**
 * Rows of a CSV file, the head first; empty ones are left out. Read in slices, so that others have their turn meanwhile.
 * Throws `bad_request` with the line when it is no CSV, `payload_too_large` when it has too many rows.
 */
export const readCsv = async (text: string, limits: CsvLimits): Promise<CsvRow[]> => {
  const bytes = Buffer.from(text);
  const counter = new LineCounter(bytes);
  const rows: CsvRow[] = [];
  let nextByte = 0;
  let failure: CsvError | undefined;
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(text),
    info: true,
    trim: true,
    relax_column_count: true,
    max_record_size: limits.rowBytesMax,
  });
  parser.on('data', ({ info, record }: { readonly info: Info; readonly record: string[] }) => {
    const line = counter.lineAt(nextByte);
    nextByte = info.bytes;
    if (!isEmpty(record)) rows.push({ line, cells: record });
  });
  parser.on('error', (error) => {
    failure = error as CsvError;
  });
  const isTooLong = (): boolean => rows.length > limits.rowsMax + 1;
  for (let start = 0; start < bytes.length && !failure && !isTooLong(); start += limits.bytesPerSlice) {
    parser.write(bytes.subarray(start, start + limits.bytesPerSlice));
    await turn();
  }
  if (!failure && !isTooLong()) {
    parser.end();
    // A failure is heard above.
    await finished(parser).catch(() => {});
  }
  parser.destroy();
  if (failure) throw unreadable(counter.lineAt(nextByte), failure);
  if (isTooLong()) throw tooManyRows(limits);
  return rows;
};

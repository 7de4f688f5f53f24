import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { type CsvError, type Info, parse } from 'csv-parse';
import { UnreadableFileError } from '../unreadable-file.ts';
import { LineCounter } from './line-counter.ts';

export interface CsvRow {
  /** Where it begins in the file; the first line is 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvRowLimits {
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

const unreadable = (line: number, { code, message }: CsvError): UnreadableFileError =>
  new UnreadableFileError(line, code, 'CSV with quotes as in RFC 4180', message);

const isEmpty = (cells: readonly string[]): boolean => cells.every((cell) => cell === '');
const hasLineEnd = (bytes: Uint8Array): boolean => bytes.includes(10) || bytes.includes(13);

/** Slices of the file; the first has all of the first line, or as much of it as a row may have. */
const slicesOf = async function* (chunks: AsyncIterable<Uint8Array>, limits: CsvRowLimits): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes: Uint8Array = head ? Buffer.concat([head, chunk]) : chunk;
    if (head && !hasLineEnd(bytes) && bytes.length <= limits.rowBytesMax) {
      head = bytes;
      continue;
    }
    // The whole first line, and what ends it: CR LF is not cut in two.
    const first: number = head ? Math.min(bytes.length, Math.max(bytes.indexOf(10), bytes.indexOf(13)) + 2) : 0;
    if (first > 0) yield bytes.subarray(0, first);
    head = undefined;
    for (let from = first; from < bytes.length; from += limits.bytesPerSlice)
      yield bytes.subarray(from, from + limits.bytesPerSlice);
  }
  if (head && head.length > 0) yield head;
};

class RowReader {
  readonly #parser: ReturnType<typeof parse>;
  readonly #counter: LineCounter;
  #rows: CsvRow[] = [];
  #nextByte = 0;
  #failure: CsvError | undefined;

  constructor(head: Uint8Array, limits: CsvRowLimits) {
    this.#counter = new LineCounter(head);
    this.#parser = parse({
      bom: true,
      delimiter: delimiterOf(Buffer.from(head).toString()),
      info: true,
      trim: true,
      relax_column_count: true,
      max_record_size: limits.rowBytesMax,
    });
    this.#parser.on('data', ({ info, record }: { readonly info: Info; readonly record: string[] }) => {
      const line = this.#counter.lineAt(this.#nextByte);
      this.#nextByte = info.bytes;
      if (!isEmpty(record)) this.#rows.push({ line, cells: record });
    });
    this.#parser.on('error', (error) => {
      this.#failure = error as CsvError;
    });
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#counter.push(bytes);
    this.#parser.write(bytes);
    await turn();
  }

  async end(): Promise<void> {
    this.#parser.end();
    // A failure is heard above.
    await finished(this.#parser).catch(() => {});
  }

  take(): CsvRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  check(): void {
    if (this.#failure) throw unreadable(this.#counter.lineAt(this.#nextByte), this.#failure);
  }

  close(): void {
    this.#parser.destroy();
  }
}

/**
 * Rows of a CSV file as they come, the head first, in order; empty ones are left out. Others have their turn between slices.
 * Throws `bad_request` with the line where it is no CSV, after the rows before it.
 */
export const csvRows = async function* (
  chunks: AsyncIterable<Uint8Array>,
  limits: CsvRowLimits,
): AsyncGenerator<readonly CsvRow[]> {
  let reader: RowReader | undefined;
  try {
    for await (const slice of slicesOf(chunks, limits)) {
      reader ??= new RowReader(slice, limits);
      await reader.write(slice);
      const rows = reader.take();
      if (rows.length > 0) yield rows;
      if (reader.hasFailed) break;
    }
    if (!reader) return;
    if (!reader.hasFailed) await reader.end();
    const rows = reader.take();
    if (rows.length > 0) yield rows;
    reader.check();
  } finally {
    reader?.close();
  }
};

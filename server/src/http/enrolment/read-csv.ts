import { CallerError } from '../../kernel/index.ts';
import { type CsvRow, type CsvRowLimits, csvRows } from '../../protocols/csv/index.ts';

export interface CsvLimits extends CsvRowLimits {
  /** Rows without the head. */
  readonly rowsMax: number;
}

const tooManyRows = ({ rowsMax }: CsvLimits): CallerError =>
  new CallerError('payload_too_large', `the file has more than ${rowsMax} lines`, {
    field: 'body',
    expected: `at most ${rowsMax} lines below the head`,
  });

const oneChunk = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
};

/**
 * Rows of a CSV file, the head first; empty ones are left out. Read in slices, so that others have their turn meanwhile.
 * Throws `bad_request` with the line when it is no CSV, `payload_too_large` when it has too many rows.
 */
export const readCsv = async (text: string, limits: CsvLimits): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const more of csvRows(oneChunk(text), limits)) {
    rows.push(...more);
    if (rows.length > limits.rowsMax + 1) throw tooManyRows(limits);
  }
  return rows;
};

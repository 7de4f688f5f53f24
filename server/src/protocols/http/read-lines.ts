import { CallerError } from '../../kernel/index.ts';
import { type JsonValue, readJson } from '../json/index.ts';

/** Lines that hold something. A `\r` before the end of a line is white space to JSON. */
const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/** All lines at once, which costs a third of one by one; undefined when some line is not exactly one value. */
const readAtOnce = (lines: readonly string[]): readonly JsonValue[] | undefined => {
  const values = readJson(`[${lines.join(',')}]`);
  return Array.isArray(values) && values.length === lines.length ? values : undefined;
};

const readOneByOne = (lines: readonly string[], firstLine: number): readonly JsonValue[] =>
  lines.map((line, i) => {
    const value = readJson(line);
    if (value !== undefined) return value;
    const shown = line.length > 100 ? `${line.slice(0, 100)}…` : line;
    throw new CallerError('bad_request', `line ${firstLine + i + 1} is not JSON: ${shown}`, {
      field: `line ${firstLine + i + 1}`,
      value: shown,
      expected: 'a sample as one line of JSON',
    });
  });

/**
 * NDJSON as slices of at most `sliceMax` values. Lines whose faults cancel out (one holds two values, two hold one) are read as the
 * values that they make together: each is still checked as a sample, only its number may be another.
 */
export const readLines = function* (text: string, sliceMax: number): Generator<readonly JsonValue[]> {
  const lines = linesOf(text);
  for (let from = 0; from < lines.length; from += sliceMax) {
    const slice = lines.slice(from, from + sliceMax);
    yield readAtOnce(slice) ?? readOneByOne(slice, from);
  }
};
